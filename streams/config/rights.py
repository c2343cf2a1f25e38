"""Who may do what on the broker: one principal a kind of process, and no more rights than it needs.

The table behind `deploy/kafka/acls.py`, which makes the rights, and `vigilward doctor --as`, which looks whether a
login has them. The control record's key vouches for what a worker forwards, and a worker forwards whatever stands on
`patients` and `actions`: who may write there decides who may admit a patient and silence an alert. A device may write
readings alone.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from streams.config.topics import TOPICS, Topic


class Principal(StrEnum):
    """The kinds of processes and people that have a login of their own."""

    WORKER = "worker"
    BOARD = "board"
    GATEWAY = "gateway"
    DEVICE = "device"
    ADMISSIONS = "admissions"
    APPROVER = "approver"
    NOTIFIER = "notifier"
    CANARY = "canary"
    DOCTOR = "doctor"


LOOK: Final = ("DESCRIBE", "DESCRIBE_CONFIGS")
READ: Final = ("READ", *LOOK)
WRITE: Final = ("WRITE", *LOOK)
BOTH: Final = ("READ", "WRITE", *LOOK)
PUT: Final = ("WRITE", "DESCRIBE")

TOPIC_RIGHTS: Final[Mapping[Principal, Mapping[Topic, tuple[str, ...]]]] = {
    Principal.WORKER: {
        Topic.READINGS: BOTH,
        Topic.PATIENTS: READ,
        Topic.ACTIONS: READ,
        Topic.RULES: READ,
        Topic.ALERTS: WRITE,
        Topic.STATUS: BOTH,  # read once, where a build of another behaviour is followed
        Topic.TRENDS: WRITE,
        Topic.REJECTIONS: WRITE,
        Topic.HEARTBEATS: WRITE,
        Topic.CANARY: WRITE,
        Topic.STATES: BOTH,
        Topic.SAVEPOINTS: BOTH,
    },
    Principal.BOARD: {
        Topic.READINGS: BOTH,  # entered observations; and how far the watch is behind
        Topic.PATIENTS: BOTH,
        Topic.ACTIONS: BOTH,
        Topic.RULES: READ,
        Topic.ALERTS: READ,
        Topic.STATUS: READ,
        Topic.TRENDS: READ,
        Topic.HEARTBEATS: READ,
        Topic.SUBSCRIPTIONS: BOTH,  # browsers to be called, once Web Push is set up
        Topic.JOURNAL: BOTH,
    },
    Principal.GATEWAY: {Topic.READINGS: PUT, Topic.PATIENTS: PUT, Topic.REJECTIONS: PUT},
    Principal.DEVICE: {Topic.READINGS: PUT},
    Principal.ADMISSIONS: {Topic.PATIENTS: PUT},
    Principal.APPROVER: {Topic.RULES: PUT},
    Principal.NOTIFIER: {
        Topic.ALERTS: READ,
        Topic.RULES: READ,  # whom the ladders in force would reach
        Topic.HEARTBEATS: READ,
        Topic.ACTIONS: WRITE,
        Topic.NOTIFICATIONS: BOTH,  # what is owed
        Topic.SUBSCRIPTIONS: BOTH,  # whom to call, and the removal of browsers that are gone
    },
    Principal.CANARY: {Topic.READINGS: WRITE, Topic.CANARY: READ},
    Principal.DOCTOR: dict.fromkeys(TOPICS, (*BOTH, "CREATE", "ALTER_CONFIGS")),
}
"""What each may do on which topic. Nobody but workers writes states; nobody but people's doors writes actions."""
