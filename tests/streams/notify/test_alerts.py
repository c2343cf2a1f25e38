"""Alerts as a notifier reads them: what cannot be read costs itself alone."""

import json

import pytest

from streams.notify import alerts

ALERT = {
    "alert_id": "a-1", "revision": 1, "state": "raised", "kind": "physiological", "subject": "deterioration",
    "priority": "high", "patient_id": "p-1", "mode": "real", "started_at": "2026-11-22T03:10:00Z",
    "at": "2026-11-22T03:10:00Z", "headline": "SpO2 84 %", "reason": "red_score", "lifecycle": {"status": "calling"},
}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        json.dumps(ALERT).encode().replace(b"SpO2", b"\xff"),
        json.dumps(ALERT | {"at": "2026-11-22T03:10:00"}).encode(),
    ],
    ids=["empty", "no object", "no UTF-8", "a time without an offset"],
)
def test_what_is_no_alert_is_refused(value: bytes):
    assert alerts.decode(json.dumps(ALERT).encode()).alert_id == "a-1"
    with pytest.raises(alerts.UnreadableAlert):
        alerts.decode(value)
