"""One thing that is wrong with an installation: a closed list of codes, each finding with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Stable codes of findings; they may be added to, never renamed."""

    TOPIC_MISSING = "topic_missing"
    PARTITION_COUNT = "partition_count"
    CONFIG_UNREADABLE = "config_unreadable"
    CLEANUP_POLICY = "cleanup_policy"
    RETENTION = "retention"
    MESSAGE_SIZE = "message_size"
    TIMESTAMP_TYPE = "timestamp_type"
    SEGMENT_SIZE = "segment_size"
    SEGMENT_TIME = "segment_time"
    COMPACTION_RATIO = "compaction_ratio"
    CLOCK_SKEW = "clock_skew"
    BROKER_OLD = "broker_old"
    PYTHON_OLD = "python_old"
    PACKAGE_VERSION = "package_version"
    NO_LOG_KEY = "no_log_key"
    CODEC_MISSING = "codec_missing"
    TRANSACTION_TIMEOUT = "transaction_timeout"
    RULES_WAITING = "rules_waiting"
    REPLICATION = "replication"
    MIN_INSYNC = "min_insync"
    UNCLEAN_ELECTION = "unclean_election"
    NO_LEADER = "no_leader"
    UNDER_REPLICATED = "under_replicated"
    RIGHT_MISSING = "right_missing"
    CERTIFICATE_ENDS = "certificate_ends"
    CANARY_SILENT = "canary_silent"
    STATES_UNUSABLE = "states_unusable"
    STATES_BLOCKED = "states_blocked"
    ROUTES_UNUSABLE = "routes_unusable"
    STEP_REACHES_NOBODY = "step_reaches_nobody"
    WATCH_SILENT = "watch_silent"
    WATCH_CANNOT_SEND = "watch_cannot_send"
    WATCH_BEHIND = "watch_behind"
    WATCH_CLOCK = "watch_clock"
    WATCH_NOT_READY = "watch_not_ready"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, of what, and what to do. `mendable`: `doctor --fix` does it."""

    code: Code
    subject: str
    says: str
    remedy: str
    mendable: bool = False
