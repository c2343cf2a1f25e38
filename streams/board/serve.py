"""Runs the board's process."""

import asyncio
import socket

import uvicorn

from streams.board.app import make_app
from streams.board.board import Board
from streams.board.settings import BoardSettings
from streams.config.settings import Settings
from streams.listening_socket import listening_socket


class Server(uvicorn.Server):
    """Ends the pages' streams first: they would keep a stopping server waiting."""

    def __init__(self, config: uvicorn.Config, board: Board) -> None:
        super().__init__(config)
        self._board = board

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams, then the rest."""
        self._board.stream.close()
        await super().shutdown(sockets)


def serve(settings: Settings, own: BoardSettings) -> None:
    """Until SIGTERM or Ctrl-C. The first line on standard output is the page's address."""
    listening = listening_socket(own.host, own.port, "VIGILWARD_BOARD")
    board = Board(settings, own)
    config = uvicorn.Config(
        make_app(board),
        log_level="warning",
        access_log=False,  # request lines are of no use to anybody here, and could carry what is private
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
        server_header=False,
        proxy_headers=False,
    )
    print(f"board: {address(own.host, listening.getsockname()[1])}", flush=True)  # noqa: T201 - the command's answer
    asyncio.run(Server(config, board).serve([listening]))


def address(host: str, port: int) -> str:
    """The page's address.

    >>> address("127.0.0.1", 8088)
    'http://127.0.0.1:8088/'
    """
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/"
