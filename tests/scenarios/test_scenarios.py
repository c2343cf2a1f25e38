"""A patient's story, and what we should say of it: every story of this folder."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.story import Story, Told, minutes

HERE = Path(__file__).parent
STORIES = sorted(path.stem for path in HERE.glob("*.toml"))


@cache
def story(name: str) -> Story:
    return Story(HERE / f"{name}.toml")


@cache
def told(name: str) -> Told:
    return story(name).tell()


def window(at: Any) -> tuple[int, int]:
    """A moment with half a minute either way, or from and to."""
    if isinstance(at, list):
        return minutes(at[0]), minutes(at[1])
    return minutes(at) - 30_000, minutes(at) + 30_000


def matches(expected: dict[str, Any], at: int, alert: dict[str, Any]) -> bool:
    """Whether an alert is what a story speaks of: every field that it names, the headline in part."""
    for name, value in expected.items():
        if name == "at":
            begin, end = window(value)
            if not begin <= at <= end:
                return False
        elif name == "headline":
            if value.lower() not in alert["headline"].lower():
                return False
        elif name == "news2_below":
            if alert["news2"] is None or alert["news2"]["score_min"] >= value:
                return False
        elif name == "news2_at_least":
            if alert["news2"] is None or alert["news2"]["score_min"] < value:
                return False
        elif name == "detector":
            if value not in {finding["detector"] for finding in alert["findings"]}:
                return False
        elif _part(alert, name) != (None if value == "nothing" else value):
            return False
    return True


def in_words(one: Told) -> str:
    """All alerts of a story, one a line, for whoever reads a failure."""
    lines = []
    for at, alert in one.alerts:
        score = alert["news2"]["score_min"] if alert["news2"] else "-"
        loud = "INTERRUPTS" if alert["interrupts"] else f"held by {alert['suppressed_by']}"
        lines.append(
            f"{at // 60_000}:{at // 1_000 % 60:02} {alert['state']} {alert['priority']} [{alert['subject']}] "
            f"{alert['reason']} {loud} NEWS2 {score}: {alert['headline']}"
        )
    return "\n".join(lines) or "nothing was said"


@pytest.mark.parametrize("name", STORIES)
def test_what_is_expected_is_said_in_that_order(name):
    one, place = told(name), 0
    for expected in story(name).expected:
        found = [i for i in range(place, len(one.alerts)) if matches(expected, *one.alerts[i])]
        assert found, f"not said, or not in this order: {expected}\n{in_words(one)}"
        place = found[0] + 1
    if story(name).told.get("only"):
        assert len(one.alerts) == len(story(name).expected), in_words(one)


@pytest.mark.parametrize("name", [name for name in STORIES if story(name).told.get("never")])
def test_what_must_never_be_said_is_not(name):
    one = told(name)
    for forbidden in story(name).told["never"]:
        assert not [alert for alert in one.alerts if matches(forbidden, *alert)], f"{forbidden}\n{in_words(one)}"


@pytest.mark.parametrize("name", [name for name in STORIES if story(name).told.get("board")])
def test_the_board_shows_what_the_story_says(name):
    for wanted in story(name).told["board"]:
        shown = [status for at, status in told(name).statuses if at <= minutes(wanted["at"])][-1]
        for field, value in wanted.items():
            if field != "at":
                assert _part(shown, field) == (None if value == "nothing" else value), (
                    f"{field} at {wanted['at']}\n{in_words(told(name))}"
                )


def _part(shown: Any, way: str) -> Any:
    """A part of a status or an alert: `news2.scale`, `vitals.spo2.state`, `lifecycle.owner.who`,
    `lifecycle.steps.0.step`; `open` and `listed` are the subjects of the alerts that are open, or over and not seen.
    """
    if way in ("open", "listed"):
        return sorted(alert["subject"] for alert in shown["alerts" if way == "open" else "resolved"])
    for step in way.split("."):
        if isinstance(shown, list):
            shown = shown[int(step)] if int(step) < len(shown) else None
        else:
            shown = None if shown is None else shown.get(step)
    return shown


@pytest.mark.parametrize("name", [name for name in STORIES if "action" in story(name).told])
def test_what_people_did_is_refused_only_where_the_story_says_so(name):
    assert told(name).refused == story(name).told.get("refused", []), in_words(told(name))


@pytest.mark.parametrize("name", [name for name in STORIES if story(name).told.get("same_as_without_delivery")])
def test_late_and_repeated_delivery_changes_no_alert(name):
    plain = story(name).tell(delivery=False)
    assert told(name).alerts == plain.alerts
    assert told(name).counts["duplicate"] > plain.counts["duplicate"]


@pytest.mark.parametrize("name", STORIES)
def test_every_vital_of_a_story_is_accounted_for(name):
    counts = told(name).counts
    verdicts = sum(counts[verdict] for verdict in ("accepted", "suspect", "duplicate", "late", "rejected"))
    assert verdicts == counts["received"] > 0
    for verdict, least in story(name).told.get("counts", {}).items():
        assert counts[verdict] >= least
