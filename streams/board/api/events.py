"""What the page sees: the stream of changes, a patient's last hours, and names."""

import gzip
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Identifier
from schemas.permissions import May
from schemas.times import HOUR_MS
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.chart import laid_out
from streams.board.preview import is_covered, scored_by
from streams.board.projection import encode
from streams.board.sessions import Session

router = APIRouter(prefix="/api", tags=["live"])
See = Annotated[Session, Depends(allowed(May.SEE))]


class Whose(BaseModel):
    """One patient. In the body, because what stands in a URL is written into logs."""

    model_config = ConfigDict(extra="forbid")

    patient_id: Identifier


class LookBack(Whose):
    """How many hours back; as far as the board keeps them."""

    hours: Annotated[int, Field(ge=1, le=72)] | None = None


@router.get("/stream")
async def stream(request: Request, session: See) -> StreamingResponse:
    """Server-sent events: `whole` first, then `changes` and every second a `pulse`.

    `Last-Event-ID` brings what was missed since that event, or the whole where that is no longer known.
    """
    board = board_of(request)
    mine = board.streams_of.get(session.nonce, 0)
    if board.streams.listeners >= board.own.max_streams or mine >= board.own.max_streams_a_session:
        raise HTTPException(503, "too many open pages", headers={"Retry-After": "5"})

    def alive() -> bool:
        now = board.let_in(session)
        return (
            now is not None
            and now.wards == session.wards
            and (board.accounts is None or time.time() < board.ends(session))
        )

    async def events() -> AsyncIterator[bytes]:
        board.streams_of[session.nonce] = board.streams_of.get(session.nonce, 0) + 1
        try:
            yield b"retry: 1000\n\n"
            async for event in board.streams.of(session.wards).listen(request.headers.get("last-event-id"), alive):
                yield event
        finally:
            left = board.streams_of.get(session.nonce, 1) - 1
            if left:
                board.streams_of[session.nonce] = left
            else:
                board.streams_of.pop(session.nonce, None)

    return StreamingResponse(
        events(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


class Names(BaseModel):
    """People by patient. `failing`: the directory does not answer, and these are the names that were known before."""

    names: dict[str, dict[str, str]]
    failing: bool


@router.get("/names")
async def names(request: Request, session: See) -> Names:
    """Name, birth date and hospital number of the ward's patients, from the hospital's directory."""
    board = board_of(request)
    people = await board.directory.of(board.projection.beds.keys())
    mine = {patient for patient, bed in board.projection.beds.items() if session.sees(bed.facts.ward)}
    people = {patient: person for patient, person in people.items() if patient in mine}
    return Names(names=people, failing=board.directory.failing)


@router.post("/history")
async def history(request: Request, session: See, whose: LookBack) -> Response:
    """A patient's last hours: minutes with values and usual bands, what was entered, and what was said and done."""
    board = board_of(request)
    bed = bed_of(board, session, whose.patient_id)
    board.audit.record(What.OPENED, session.login, patient=whose.patient_id)
    since = board.now_ms - min(whose.hours or board.own.history_hours, board.own.history_hours) * HOUR_MS
    columns = board.projection.columns.get(whose.patient_id)
    stories = board.projection.stories_of(whose.patient_id, since)
    status = msgspec.json.decode(bed.raw)
    scale, confusion = scored_by(status)
    sets = board.journal.sets(whose.patient_id, since)
    said = {
        "chart": laid_out(sets, scale, confusion_known=confusion, covered=is_covered(status)),
        "orders": board.journal.orders(whose.patient_id, since),
        "since": since,
        "now": board.now_ms,
        "trends": None if columns is None else columns.since(since),
        "sets": sets,
        "events": [_event(one) for story in stories for one in story.revisions if one["at_ms"] >= since],
    }
    return packed(request, encode(said))


def _event(alert: dict[str, Any]) -> dict[str, Any]:
    kept = ["alert_id", "revision", "state", "kind", "priority", "interrupts", "headline", "reason", "at", "action"]
    kept += ["findings", "news2"]  # what the sentence is made of in another language
    return {name: alert.get(name) for name in kept}


def packed(request: Request, body: bytes) -> Response:
    """JSON, compressed where the reader can unpack it."""
    headers = {"Cache-Control": "no-store"}
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > 2_000:
        body = gzip.compress(body, 5)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(body, media_type="application/json", headers=headers)
