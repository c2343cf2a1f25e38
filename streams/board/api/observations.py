"""Observations that a person enters: consciousness and oxygen, which no device supplies, or a whole set."""

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Identifier, Moment
from schemas.permissions import May
from schemas.reading import MAX_SEQUENCE, Measure, Reading
from schemas.times import HOUR_MS, MINUTE_MS, to_ms
from schemas.vitals import SCALES, SPOT_LATENESS, Source, Vital
from streams.board.api.actions import Said, send
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.sessions import Session
from streams.config.topics import Topic

router = APIRouter(prefix="/api", tags=["observations"])
Observe = Annotated[Session, Depends(allowed(May.OBSERVE))]
DEVICE = "board"
ACCEPTED_MS = SPOT_LATENESS - MINUTE_MS  # what is accepted here is still in time when the worker reads it
AHEAD_MS = 60_000


class Observations(BaseModel):
    """A set, each in the vital's own unit (`vigilward schema vitals`); what was not looked at is left out."""

    model_config = ConfigDict(extra="forbid")

    action_id: Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
    patient_id: Identifier
    taken_at: Moment = Field(strict=False)
    consciousness: Literal["A", "C", "V", "P", "U"] | None = None
    supplemental_oxygen: bool | None = None
    oxygen_flow: float | None = None
    resp_rate: float | None = None
    spo2: float | None = None
    systolic_bp: float | None = None
    diastolic_bp: float | None = None
    pulse_rate: float | None = None
    temperature: float | None = None


@router.post("/observations", status_code=201)
async def observe(request: Request, session: Observe, seen: Observations) -> Said:
    """A set of observations, answered when the broker has it. 422: nothing in it, or a value that cannot be."""
    board = board_of(request)
    bed_of(board, session, seen.patient_id)
    board.audit.record(What.OBSERVED, session.login, patient=seen.patient_id)
    vitals = {}
    for vital in Vital:
        value = getattr(seen, vital.value, None)
        if value is None:
            continue
        scale = SCALES[vital]
        if isinstance(value, float) and not scale.holds(value):
            low, high = scale.impossible
            raise HTTPException(422, f"{scale.words} lies between {low:g} and {high:g}{scale.shown_unit}")
        vitals[vital.value] = Measure(value=value, unit=scale.unit)
    if not vitals:
        raise HTTPException(422, "nothing was entered")
    taken = to_ms(seen.taken_at)
    if not board.now_ms - ACCEPTED_MS <= taken <= board.now_ms + AHEAD_MS:
        hours = SPOT_LATENESS // HOUR_MS
        raise HTTPException(422, f"observations are of the last {hours} hours; is this screen's clock right?")
    # Sent again after a failure, the same set is a repeat: the page keeps its moment, and its name makes the number.
    number = int.from_bytes(hashlib.sha256(seen.action_id.encode()).digest()[:8], "big") % MAX_SEQUENCE
    reading = Reading(
        patient_id=seen.patient_id,
        device_id=DEVICE,
        source=Source.SPOT,
        taken_at=seen.taken_at,
        sequence=number,
        mode=board.settings.mode,
        vitals=vitals,
    )
    return await send(board, Topic.READINGS, seen.action_id, seen.patient_id, reading)
