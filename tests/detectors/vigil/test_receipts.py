"""What became of a call decides when the next step comes: at its time, or at once where this one reaches nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from detectors.vigil.alert_actions import HEARD, Acts, answer
from detectors.vigil.episode import Episode
from detectors.vigil.escalation import due, pass_time
from detectors.vigil.lifecycle import Facts, Turn, begin
from detectors.vigil.receipts import KEPT, delivery_of
from schemas.action import Action, ActionType, Role
from schemas.alert import AlertStatus, Delivery
from schemas.reasons import Refusal
from schemas.times import MINUTE_MS, NEVER
from streams.config.packaged_rules import packaged_rules

CALLING = packaged_rules().calling
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESORT = 20 * MINUTE_MS
S = 1_000


class Story:
    """One high alert that calls since 0, under the packaged ladder: nurse 0, lead 5, doctor 10, last resort 20."""

    def __init__(self, last_resort_ms: int = RESORT) -> None:
        self.last_resort_ms = last_resort_ms
        self.episode = Episode("a", "physiological", "deterioration", 0, 3, True, None, "red_score")
        self.episode.lifecycle = begin(self.facts(0))
        self.said: list[tuple[float, str, str]] = []

    def facts(self, at: int) -> Facts:
        return Facts(
            at, 3, True, CALLING.ladder(None, None, 3), 2, 2, MINUTE_MS, False, 5 * MINUTE_MS, self.last_resort_ms
        )

    def until(self, at: int) -> "Story":
        while (coming := due(self.episode.lifecycle, self.facts(0))) <= at:
            turn = pass_time(self.episode.lifecycle, self.facts(coming))
            self.episode.lifecycle = turn.lifecycle
            self.said += [(coming / S, state.value, reason.value) for state, reason in turn.said]
        return self

    def hear(self, word: ActionType, at: int, recipient: str | None = "a", step: str = "nurse", **more):
        self.until(at)
        role = more.pop("role", Role.SYSTEM)
        action = Action(
            action_id=f"{word}-{recipient}-{at}", patient_id="p", alert_id="a", action_type=word, who="x", role=role,
            step=step, recipient=recipient, at=EPOCH, **more,
        )  # fmt: skip
        turn = answer(action, self.episode, self.facts(at), CALLING, (), ())
        if isinstance(turn, Turn):
            self.episode.lifecycle = turn.lifecycle
            return self
        return turn

    @property
    def steps(self) -> dict[str, float]:
        return {step.to: step.at / S for step in self.episode.lifecycle.steps}

    @property
    def words(self) -> list[str]:
        return [delivery_of(step).value for step in self.episode.lifecycle.steps]


def test_where_every_receipt_is_lost_each_step_comes_at_its_time():
    assert Story().until(25 * MINUTE_MS).steps == {"nurse": 0, "shift_lead": 300, "doctor": 600, "last_resort": 1200}


def test_a_device_that_does_not_say_within_a_minute_that_it_delivered_brings_the_next_step():
    story = Story()
    story.hear(ActionType.SENT, 2 * S, recipients=1, awaited=True)

    assert story.until(61 * S).steps == {"nurse": 0}
    assert story.until(62 * S).steps == {"nurse": 0, "shift_lead": 62}
    assert story.said[-1] == (62.0, "escalated", "not_delivered") and story.words[0] == "not delivered"


def test_a_device_that_delivered_leaves_the_person_her_time():
    story = Story()
    story.hear(ActionType.SENT, 2 * S, recipients=1, awaited=True)
    story.hear(ActionType.DELIVERED, 5 * S, recipients=1)
    story.hear(ActionType.SEEN, 9 * S, recipients=1)
    story.hear(ActionType.SENT, 10 * S, recipients=1, awaited=True)

    assert story.words == ["seen"]
    assert story.until(299 * S).steps == {"nurse": 0} and story.until(300 * S).steps["shift_lead"] == 300


def test_a_channel_that_gives_no_receipts_is_sent_and_brings_nothing_before_its_time():
    story = Story()
    story.hear(ActionType.SENT, 2 * S, recipients=1)

    assert story.words == ["sent"]
    assert story.until(200 * S).steps == {"nurse": 0} and story.words == ["not delivered"]


@pytest.mark.parametrize(
    ("word", "reason"), [(ActionType.DECLINED, "declined"), (ActionType.UNDELIVERABLE, "not_delivered")]
)
def test_the_next_step_is_called_at_once_when_the_last_of_its_recipients_is_lost(word: ActionType, reason: str):
    story = Story()
    story.hear(word, 3 * S, "a", recipients=2)
    assert story.until(3 * S).steps == {"nurse": 0}

    story.hear(word, 4 * S, "b", recipients=2)
    assert story.until(4 * S).steps == {"nurse": 0, "shift_lead": 4} and story.said == [(4.0, "escalated", reason)]
    assert story.words == [word.value, "waiting"]


def test_a_call_that_no_device_takes_and_that_stands_on_her_board_has_reached_her():
    story = Story()
    story.hear(ActionType.DELIVERED, S, None)
    story.hear(ActionType.UNDELIVERABLE, 60 * S, recipients=1)

    assert story.words == ["delivered"] and story.until(200 * S).steps == {"nurse": 0}


def test_a_ladder_that_everybody_declines_ends_at_the_last_resort_and_calls_nobody_twice():
    story = Story()
    for number, step in enumerate(("nurse", "shift_lead", "doctor", "last_resort"), start=1):
        story.hear(ActionType.DECLINED, number * S, f"phone-{number}", step, recipients=1)

    assert story.until(5 * S).steps == {"nurse": 0, "shift_lead": 1, "doctor": 2, "last_resort": 3}
    assert len(story.until(20 * MINUTE_MS).steps) == 4
    without = Story(last_resort_ms=0)
    for step in ("nurse", "shift_lead", "doctor"):
        without.hear(ActionType.DECLINED, S, step, step, recipients=1)
    assert list(without.until(60 * S).steps) == ["nurse", "shift_lead", "doctor"]


@pytest.mark.parametrize("word", [ActionType.DECLINED, ActionType.UNDELIVERABLE])
@pytest.mark.parametrize("last", ["last_resort", "doctor"])
def test_that_the_highest_step_fails_for_everybody_is_told_once_for_no_next_step_tells_it(last: str, word: ActionType):
    story = Story(last_resort_ms=RESORT if last == "last_resort" else 0)
    steps = ("nurse", "shift_lead", "doctor", "last_resort")[: 4 if last == "last_resort" else 3]
    for number, step in enumerate(steps, start=1):
        story.hear(word, number * S, f"phone-{number}", step, recipients=1)
    story.until(30 * MINUTE_MS)

    assert [one for one in story.said if one[1] == "updated"] == [(len(steps) - 1 + 60.0, "updated", "not_delivered")]
    assert [at for at, state, reason in story.said if state == "escalated" and reason != "repeated"] == [
        float(number) for number in range(1, len(steps))
    ]
    assert story.words == [word.value] * len(steps), "each says what became of it"
    late = Story(last_resort_ms=RESORT if last == "last_resort" else 0).until(25 * MINUTE_MS)
    told = len(late.said)
    late.hear(word, 26 * MINUTE_MS, "a", last, recipients=1)
    later = {reason for _, _, reason in late.until(40 * MINUTE_MS).said[told:]}
    assert later == {"repeated"}, "it was told in its minute that nobody had it"


def test_a_step_that_was_passed_over_is_not_told_again_beside_the_next():
    story = Story()
    story.hear(ActionType.UNDELIVERABLE, 1 * S, "a", recipients=1)
    story.hear(ActionType.SENT, 2 * S, "b", "shift_lead", recipients=2)
    assert story.until(61 * S).said == [(1.0, "escalated", "not_delivered"), (61.0, "updated", "not_delivered")]
    assert story.words == ["undeliverable", "not delivered"]


def test_who_accepts_owns_it_as_reviewing_and_the_step_says_so():
    story = Story()
    story.hear(
        ActionType.ACKNOWLEDGE, 3 * S, role=Role.NURSE, reason="reviewing", called_at=EPOCH, recipients=1
    )  # fmt: skip

    lifecycle = story.episode.lifecycle
    assert lifecycle.status is AlertStatus.ACKNOWLEDGED and lifecycle.answer is not None
    assert (lifecycle.answer.reason, story.words) == ("reviewing", ["accepted"])
    assert lifecycle.before is not None and delivery_of(lifecycle.before.steps[0]) is Delivery.WAITING


def test_a_receipt_of_a_step_that_was_taken_before_counts_for_no_other():
    story = Story()
    refused = story.hear(ActionType.DECLINED, 3 * S, recipients=1, called_at=EPOCH + timedelta(seconds=1))

    assert refused == (Refusal.NO_SUCH_STEP, "step") and story.words == ["waiting"]


def test_after_a_snooze_the_step_waits_for_a_device_anew():
    story = Story()
    story.hear(ActionType.SENT, 2 * S, recipients=1, awaited=True)
    story.hear(ActionType.SNOOZE, 10 * S, None, step=None, role=Role.NURSE, minutes=2)
    assert story.episode.lifecycle.status is AlertStatus.SNOOZED

    assert story.until(200 * S).steps == {"nurse": 0}
    story.hear(ActionType.SENT, 201 * S, recipients=1, awaited=True)
    assert due(story.episode.lifecycle, story.facts(0)) <= 261 * S < NEVER


def test_who_declines_has_not_been_reached_and_the_others_have_their_minute():
    story = Story()
    story.hear(ActionType.SENT, 1 * S, "a", recipients=2, awaited=True)
    story.hear(ActionType.DECLINED, 3 * S, "a", recipients=2)

    assert story.episode.lifecycle.steps[0].delivered is None
    assert story.until(61 * S).steps == {"nurse": 0, "shift_lead": 61}
    assert (60.0, "updated", "not_delivered") in story.said
    alone = Story()
    alone.hear(ActionType.DECLINED, 3 * S, "a", recipients=1)
    assert [reason for _, _, reason in alone.until(62 * S).said] == ["declined"], "nor is it told a second time"


@pytest.mark.parametrize("word", [ActionType.DECLINED, ActionType.UNDELIVERABLE])
def test_of_any_number_of_recipients_all_may_fail_and_one_who_comes_after_all_may_take_it_back(word: ActionType):
    many = 3 * KEPT
    story = Story()
    for number in range(many - 1):
        story.hear(word, number * 10, f"r-{number}", recipients=many)
        story.hear(word, number * 10, f"r-{number}", recipients=many)
    assert len(story.episode.lifecycle.steps[0].receipts) == KEPT
    assert story.until(5 * S).steps == {"nurse": 0}
    late = Story()
    late.episode.lifecycle = story.episode.lifecycle
    late.hear(ActionType.SEEN, 6 * S, "r-0", recipients=many)
    late.hear(word, 7 * S, f"r-{many - 1}", recipients=many)
    took_it_back = word is ActionType.UNDELIVERABLE  # who has declined, and has looked at it before, has declined
    assert late.until(8 * S).words[0] == ("seen" if took_it_back else "declined")
    assert len(late.steps) == (1 if took_it_back else 2)

    story.hear(word, 6 * S, f"r-{many - 1}", recipients=many)
    assert story.until(7 * S).steps == {"nurse": 0, "shift_lead": 6} and story.words[0] == word.value


def test_of_many_receipts_those_that_say_most_are_kept():
    story = Story()
    story.hear(ActionType.SEEN, S, "she", recipients=2 * KEPT)
    for number in range(2 * KEPT):
        story.hear(ActionType.SENT, 2 * S, f"r-{number}", recipients=2 * KEPT)

    [step] = story.episode.lifecycle.steps
    assert len(step.receipts) == KEPT and step.receipts[0].recipient == "she" and story.words == ["seen"]


def test_receipts_push_out_nothing_that_people_did():
    def action(kind: ActionType, name: str) -> Action:
        more = {"reason": "reviewing"} if kind is ActionType.ACKNOWLEDGE else {"step": "nurse", "recipient": "r"}
        return Action(
            action_id=name, patient_id="p", alert_id="a", action_type=kind, who="x", role=Role.NURSE, at=EPOCH, **more
        )

    acts = Acts()
    acts.note(action(ActionType.ACKNOWLEDGE, "hers"), 0, None)
    for number in range(2 * HEARD):
        acts.note(action(ActionType.SENT, f"sent-{number}"), 0, None)

    assert acts.knows("hers") and acts.knows(f"sent-{2 * HEARD - 1}") and not acts.knows("sent-0")
    assert len(acts.heard) == HEARD
