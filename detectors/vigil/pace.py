"""How often each vital comes, learnt from what one window decided."""

from collections.abc import Mapping

from detectors.intake_rules import IntakeRules
from detectors.vigil.intake_by_age import IntakeByAge
from detectors.vigil.track import Track
from detectors.vigil.window import Decided


def keep_pace(
    tracks: Mapping[str, Track], fresh: Mapping[str, Decided], intake: IntakeByAge, rules: IntakeRules, *, calm: bool
) -> None:
    """Learns how often the vitals come; nothing becomes longer unless all is `calm`."""
    device, held = -2, 0
    for name, decided in fresh.items():
        if decided.device != device:
            device = decided.device
            held = intake.delay_of(device)
        track = tracks[name]
        if not track.goes_on(decided, held):
            track.keep_pace(decided, held, rules, calm=calm)
