"""An episode or a patient's state as the bytes that travel. Fields stand in one order, and none is ever absent."""

from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.news2 import News2
from detectors.response import response
from detectors.rules import Rules
from detectors.vigil.episode import Episode
from detectors.vigil.stay import Stay
from detectors.vigil.wording import clears_when
from schemas.times import to_text

encode: Final = msgspec.json.Encoder().encode
PRIORITIES: Final = (None, "low", "medium", "high")


def rules_name(rules: Rules) -> dict[str, str]:
    """Which rules decided."""
    return {"name": rules.name, "version": rules.version, "sha256": rules.sha256}


def score_report(score: News2 | None, previous: int | None, scale: int) -> dict[str, object] | None:
    """NEWS2 as it stands in an alert or a status."""
    if score is None:
        return None
    return {
        "score_min": score.score_min,
        "score_max": score.score_max,
        "complete": score.complete,
        "previous": previous,
        "scale": scale,
        "parts": {part.value: least for part, least, most in score.parts if least == most},
        "missing": [part.value for part in score.missing],
        "red": [part.value for part in score.red],
    }


def advice(score: News2 | None) -> str | None:
    """What chart 4 asks for."""
    return None if score is None else response(score.score_min, score.red).advice


def alert_bytes(
    episode: Episode,
    stay: Stay,
    patient: str,
    mode: str,
    at: int,
    *,
    score: dict[str, object] | None,
    findings: Sequence[dict[str, object]],
    advised: str | None,
    rules: Rules,
    clears: str | None = None,
) -> bytes:
    """One revision of an alert."""
    return encode(
        {
            "version": 1,
            "alert_id": episode.alert_id,
            "revision": episode.revision,
            "state": episode.state,
            "kind": episode.kind,
            "subject": episode.subject,
            "priority": PRIORITIES[episode.priority],
            "interrupts": episode.interrupts,
            "held_by": episode.held_by,
            "patient_id": patient,
            "encounter": stay.encounter,
            "ward": stay.ward,
            "bed": stay.bed,
            "mode": mode,
            "started_at": to_text(episode.started),
            "at": to_text(at),
            "headline": episode.headline,
            "reason": episode.reason,
            "news2": score,
            "findings": findings,
            "monitoring_lost": episode.lost,
            "clears_when": clears or clears_when(episode.priority, episode.because, episode.lost),
            "advice": advised,
            "rules": rules_name(rules),
        }
    )
