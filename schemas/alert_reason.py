"""Why an alert was said, or why nothing was: the closed list that alerts and statuses carry as `reason`."""

from enum import StrEnum


class Reason(StrEnum):
    """Every decision carries one of these, the ones that change nothing too."""

    # the patient
    NEWS2_HIGH = "news2_high"
    NEWS2_MEDIUM = "news2_medium"
    RED_SCORE = "red_score"
    EXTREME = "extreme"
    MATERNAL = "maternal"
    PERSONAL_LIMIT = "personal_limit"
    LEARNED = "learned"
    CONCERN = "concern"
    PRIORITY_UP = "priority_up"
    NEW_RED = "new_red"
    NEW_EXTREME = "new_extreme"
    STEP_WORSE = "step_worse"
    MORE_OXYGEN = "more_oxygen"
    SCORE_UP = "score_up"
    PERSISTED = "persisted"
    MONITORING_LOST = "monitoring_lost"
    MONITORING_BACK = "monitoring_back"
    PRIORITY_DOWN = "priority_down"
    CONDITION_OVER = "condition_over"
    CORRECTED = "corrected"
    CONCERN_OVER = "concern_over"
    # the stay
    DISCHARGED = "discharged"
    NEW_STAY = "new_stay"
    MOVED = "moved"
    FORGOTTEN = "forgotten"
    # the measuring
    TECHNICAL = "technical"
    # what people did, or did not do
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    UNDONE = "undone"
    NOT_ANSWERED = "not_answered"
    REPEATED = "repeated"
    NOBODY_ANSWERED = "nobody_answered"
    NOT_DELIVERED = "not_delivered"
    ACKNOWLEDGEMENT_EXPIRED = "acknowledgement_expired"
    REVIEWED_ENOUGH = "reviewed_enough"
    SNOOZE_ENDED = "snooze_ended"
    RED_CONFIRMED = "red_confirmed"
    SEEN = "seen"
    LIST_FULL = "list_full"
    # nothing changed
    NOTHING_ASKED = "nothing_asked"
    NOT_YET_PERSISTENT = "not_yet_persistent"
    UNCHANGED = "unchanged"
    NOT_YET_OVER = "not_yet_over"
    LOST_SENSOR_HOLDS = "lost_sensor_holds"
    SUSPECT_VALUE_HOLDS = "suspect_value_holds"
    ANSWERED_BEFORE = "answered_before"
