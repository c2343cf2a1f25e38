"""Runs the board's process."""

import asyncio
import socket
import ssl

import uvicorn

from streams.board.app import make_app
from streams.board.board import Board
from streams.board.connections import BACKLOG, BoundedProtocol, Room, most_connections, say_seldom
from streams.board.settings import BoardSettings
from streams.config.rotation import FreshContext
from streams.config.settings import Settings
from streams.listening_socket import listening_socket
from streams.notify.routes import Routes


class Server(uvicorn.Server):
    """Ends the pages' streams first: they would keep a stopping server waiting."""

    def __init__(self, config: uvicorn.Config, board: Board) -> None:
        super().__init__(config)
        self._board = board

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As ever, with a loop that says a fault once."""
        say_seldom(asyncio.get_running_loop())
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams, then the rest. An end in good order is exit 0: uvicorn would raise the signal once more."""
        self._board.streams.close()
        await super().shutdown(sockets)
        self._captured_signals.clear()


def configured(board: Board, own: BoardSettings) -> uvicorn.Config:
    """The server's settings: bounded connections, TLS where it is set."""
    BoundedProtocol.room = Room(most_connections(own.max_connections))
    config = uvicorn.Config(
        make_app(board),
        http=BoundedProtocol,
        ws="none",
        backlog=BACKLOG,
        # Every line of what strangers send would be a line of log: faults of our own are said.
        log_level="error",
        access_log=False,  # request lines are of no use to anybody here, and could carry what is private
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=own.tls_cert_file,
        ssl_keyfile=own.tls_key_file,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    if own.tls_cert_file is not None:
        config.load()
        config.ssl = FreshContext.server(own.tls_cert_file, own.tls_key_file)
    return config


def serve(settings: Settings, own: BoardSettings, routes: Routes | None = None) -> None:
    """Until SIGTERM or Ctrl-C. The first line on standard output is the page's address."""
    listening = listening_socket(own.host, own.port, "VIGILWARD_BOARD")
    board = Board(settings, own, routes)
    config = configured(board, own)
    port = listening.getsockname()[1]
    print(f"board: {address(own.host, port, tls=own.tls_cert_file is not None)}", flush=True)  # noqa: T201 - the answer
    asyncio.run(Server(config, board).serve([listening]))


def address(host: str, port: int, *, tls: bool = False) -> str:
    """The page's address.

    >>> address("127.0.0.1", 8088), address("::1", 8088, tls=True)
    ('http://127.0.0.1:8088/', 'https://[::1]:8088/')
    """
    shown = f"[{host}]" if ":" in host else host
    return f"http{'s' if tls else ''}://{shown}:{port}/"
