"""The page itself: built files that need nothing from anywhere else."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.board.auth import board_of

router = APIRouter(include_in_schema=False)

BUILT: Final = Path(__file__).parents[1] / "page" / "dist"
KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
PACKED_ALREADY: Final = frozenset({".woff2"})


def is_built() -> bool:
    """Whether the page has been built on this machine."""
    return (BUILT / "index.html").is_file()


@lru_cache(maxsize=64)
def _read(name: str, changed_at: int) -> tuple[bytes, bytes | None, str]:
    """A built file as it is, compressed, and its kind."""
    path = BUILT / name
    body = path.read_bytes()
    packed = None if path.suffix in PACKED_ALREADY else gzip.compress(body, 9, mtime=0)
    return body, packed, KINDS[path.suffix]


def _answer(request: Request, name: str, cache: str) -> Response:
    path = BUILT / name
    if path.suffix not in KINDS or path.parent != BUILT or not path.is_file():
        raise HTTPException(404, "there is no such file")
    body, packed, kind = _read(name, path.stat().st_mtime_ns)
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(body, media_type=kind, headers=headers)


@router.get("/")
def page(request: Request) -> Response:
    """The page."""
    if not is_built():
        raise HTTPException(503, "the page is not built: install Node.js 18 or newer, then `make setup`")
    return _answer(request, "index.html", "no-cache")


@router.get("/files/{name}")
def file(request: Request, name: str) -> Response:
    """A part of the page; its name carries a hash of what it holds."""
    return _answer(request, name, "public, max-age=31536000, immutable")


@router.get("/sw.js")
def service_worker(request: Request) -> Response:
    """What takes calls while no page is open; at the root, for it answers for the whole page."""
    return _answer(request, "sw.js", "no-cache")


@router.get("/manifest.webmanifest")
def manifest(request: Request) -> Response:
    """By which the page can be installed."""
    return _answer(request, "manifest.webmanifest", "no-cache")


@router.get("/livez")
def livez() -> dict[str, bool]:
    """The process answers."""
    return {"live": True}


@router.get("/readyz")
def readyz(request: Request, response: Response) -> dict[str, bool]:
    """503 until all that stood in the topics has been read, if some of it could not be, and once nothing is heard."""
    board = board_of(request)
    complete = not board.projection.completeness.missing
    ready = board.caught_up and board.hears and complete
    response.status_code = 200 if ready else 503
    return {"ready": ready, "broker": board.watch.broker, "complete": complete}


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """What Prometheus may know of this board."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)
