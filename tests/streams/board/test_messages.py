"""The page's message files: whole in every language, and with every closed sentence of the worker's among them."""

import json
import re
from pathlib import Path

import pytest

from detectors.response import CHART_4
from detectors.risk_words import REASONS as RISK_REASONS
from detectors.rules import LEARNED
from detectors.vigil import technical
from detectors.vigil.report import LISTED, TECHNICAL_ENDS
from detectors.vigil.stay import Stay
from detectors.vigil.technical import Signals, conditions
from detectors.vigil.wording import clears_when, vitals_words
from schemas.action import REASONS_OF, ActionType, Role, Step
from schemas.alert import AlertStatus, State
from schemas.status import Monitoring, OrderKind
from schemas.vitals import SCALES, Vital
from streams.config.packaged_rules import packaged_rules

MESSAGES = Path(__file__).parents[3] / "streams" / "board" / "page" / "messages"
FILES = {path.stem: json.loads(path.read_text()) for path in MESSAGES.glob("*.json")}
ENGLISH = FILES["en"]


def known(text: str) -> bool:
    """Whether the page finds the sentence again, and with it the same in another language."""
    for key, form in ENGLISH.items():
        if key.startswith("said."):
            parts = [".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", form)]
            if re.fullmatch("".join(parts), text):
                return True
    return False


def troubles() -> list[technical.Condition]:
    """Every condition that is about no single vital."""
    at_once = {"discharged": True, "paused": False, "late_devices": True, "never_seen": True, "scale_ends": True}
    signals = Signals(disagreeing_hold=1, unattached=True, lost_until=1, rebuilt_until=1)
    return conditions({}, signals, because=[], priority=1, at=0, rules=packaged_rules(), **at_once)


@pytest.mark.parametrize("language", FILES)
def test_nothing_is_said_twice(language: str):
    keys = [key for key, _ in json.loads((MESSAGES / f"{language}.json").read_text(), object_pairs_hook=list)]

    assert [key for key in set(keys) if keys.count(key) > 1] == []


@pytest.mark.parametrize("language", FILES)
def test_every_language_says_everything_with_the_same_facts(language: str):
    facts = {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in ENGLISH.items()}

    assert FILES[language].keys() == ENGLISH.keys()
    assert {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in FILES[language].items()} == facts


def test_no_message_is_kept_that_no_page_says():
    source = "".join(path.read_text() for path in (MESSAGES.parent / "src").glob("*.js"))
    begins = set(re.findall(r"""(?:`|code\("|keysOf\(")(\w+)(?:\.\$\{|"|\.)""", source))

    assert {"said", "words", "priority", "reason"} <= begins
    said = [key.removesuffix(".one") for key in ENGLISH]  # what is said of one thing goes with what is said of many
    assert [key for key in said if f'"{key}"' not in source and key.partition(".")[0] not in begins] == []
    assert [key for key in said if key not in ENGLISH] == []


def test_every_trouble_with_the_measuring_can_be_said_in_another_language():
    kinds = [technical._ZERO, technical._OFF, technical._STALE, technical._UNOBSERVED, technical._FLAT]
    said = [vitals_words([Vital.SPO2]) + words for _, one, several, _ in kinds for words in (one, several)]
    said += [remedy for *_, remedy in kinds]
    said += [text for one in troubles() for text in (one.headline, one.remedy)]

    assert len(troubles()) == 8
    assert [text for text in said if not known(text)] == []


def test_what_to_do_and_what_ends_an_alert_can_be_said_in_another_language():
    said = [row.advice for row in CHART_4.values()] + [TECHNICAL_ENDS, LISTED, "Is over."]
    for priority in (1, 2, 3):
        said += [clears_when(priority, because, lost) for because in ([], ["spo2"]) for lost in ([], ["spo2"])]
    said += [clears_when(2, because, [], learned=True) for because in ([], ["spo2"])]
    said += ["A person is concerned: see the patient, whatever the score."]

    assert [text for text in said if not known(text)] == []


def test_vitals_have_the_names_that_the_worker_gives_them():
    assert {vital: ENGLISH[f"words.{vital}"] for vital in Vital} == {vital: SCALES[vital].words for vital in Vital}


def test_every_word_of_a_closed_list_has_its_message():
    reasons = [
        reason
        for action_type in (ActionType.ACKNOWLEDGE, ActionType.CONCERN, ActionType.FEEDBACK)
        for reason in REASONS_OF[action_type]
    ]
    wanted = [f"reason.{reason}" for reason in reasons]
    wanted += [f"became.{one}" for one in State] + [f"alert_status.{one}" for one in AlertStatus]
    wanted += [f"state.{one}" for one in Monitoring] + [f"order.{one}" for one in OrderKind]
    wanted += [f"why_not.{stay.not_covered(0)}" for stay in (Stay(age_years=15.0), Stay(maternity="pregnant"))]
    wanted += [f"because.{one}" for one in RISK_REASONS] + [f"detector.{one}" for one in LEARNED]
    wanted += (
        [f"role.{one}" for one in Role] + [f"step.{one}" for one in Step] + [f"action_type.{one}" for one in ActionType]
    )

    assert [key for key in wanted if key not in ENGLISH] == []
