"""Alerts and recipients for the notifier's tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.action import Step
from schemas.alert import AlertStatus, Kind, Priority, State
from schemas.reading import Mode
from streams.notify.alerts import Lifecycle, Person, Revision, StepReached
from streams.notify.routes import Audience, Channel, Recipient, Routes

START = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)


def person(role: Step, name: str | None = None, **more: Any) -> Recipient:
    return Recipient(name or role.value, Channel.WEBHOOK, role=role, key_id="k", key=b"0" * 16, **more)


MACHINE = Recipient("gateway", Channel.PCD04, Audience.MACHINE, address="127.0.0.1:2576")


def routes_of(*recipients: Recipient, zone: str = "UTC") -> Routes:
    return Routes(recipients, ZoneInfo(zone))


@pytest.fixture
def revision() -> Callable[..., Revision]:
    def revision(
        number: int = 1,
        status: AlertStatus = AlertStatus.CALLING,
        *,
        minutes: float = 0,
        steps: tuple[tuple[Step, float], ...] = ((Step.NURSE, 0),),
        repeats: int = 0,
        who: str | None = None,
        **more: Any,
    ) -> Revision:
        at = START + timedelta(minutes=minutes)
        reached = tuple(StepReached(step, START + timedelta(minutes=after)) for step, after in steps)
        facts: dict[str, Any] = {
            "alert_id": "a-1", "state": State.RAISED, "kind": Kind.PHYSIOLOGICAL, "subject": "deterioration",
            "priority": Priority.HIGH, "patient_id": "p-secret", "mode": Mode.REAL, "ward": "A", "bed": "A01",
            "headline": "SpO2 84 %", "reason": "red_score",
        }  # fmt: skip
        answered = Person(who) if who else None
        return Revision(
            revision=number, started_at=START, at=at,
            lifecycle=Lifecycle(status, reached, repeats, owner=answered), **(facts | more),
        )  # fmt: skip

    return revision
