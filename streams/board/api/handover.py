"""The shift's handover, for the page and as plain text."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse

from schemas.permissions import May
from schemas.times import HOUR_MS
from streams.board import handover as shift
from streams.board.api.events import packed
from streams.board.audit import What
from streams.board.auth import allowed, board_of
from streams.board.projection import encode
from streams.board.sessions import Session

router = APIRouter(prefix="/api", tags=["handover"])
See = Annotated[Session, Depends(allowed(May.SEE))]
Ward = Annotated[str | None, Query(max_length=200)]
Hours = Annotated[float, Query(gt=0, le=48)]


@router.get("/handover")
async def as_json(request: Request, session: See, ward: Ward = None, hours: Hours = 12) -> Response:
    """Alerts, actions and reasons, what nobody has seen, minutes in each state and without measurement, burden."""
    return packed(request, encode(_shift(request, session, ward, hours)))


@router.get("/handover.txt", response_class=PlainTextResponse)
async def as_text(request: Request, session: See, ward: Ward = None, hours: Hours = 12) -> PlainTextResponse:
    """The same as plain text."""
    names = await board_of(request).directory.of(board_of(request).projection.beds.keys())
    return PlainTextResponse(shift.as_text(_shift(request, session, ward, hours), names))


def _shift(request: Request, session: Session, ward: str | None, hours: float) -> dict[str, object]:
    board = board_of(request)
    if ward is not None and not session.sees(ward):
        raise HTTPException(403, "this ward's patients are not yours")
    board.audit.record(What.HANDOVER, session.login, ward=ward)
    now = board.now_ms
    return shift.handover(
        board.projection,
        now=now,
        since=now - round(hours * HOUR_MS),
        ward=ward,
        wards=session.wards,
    )
