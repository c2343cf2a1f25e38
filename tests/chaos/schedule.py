"""What is broken, and in which order: decided by a seed before anything runs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from streams.worker.state_store.fault_points import Point


class Fault(StrEnum):
    """Everything that is done to a run."""

    KILL = "worker killed (SIGKILL)"
    KILL_AT_POINT = "worker killed at a named point"
    ZOMBIE = "worker stopped beyond its session, then continued"
    ZOMBIE_AT_POINT = "worker stopped at a named point beyond its session, then continued"
    ADD = "worker added"
    REMOVE = "worker asked to leave"
    BROKER_KILL = "broker killed and started again"
    BROKER_STOP = "broker stopped for a while"
    BROKER_LOST = "one of three brokers killed, and away for a while"
    FULL_BUFFER = "broker stopped while a worker's full buffer held back the log"
    FULL_BUFFER_KILL = "worker killed while its full buffer held back the log"


KILLS = {Fault.KILL, Fault.KILL_AT_POINT, Fault.FULL_BUFFER_KILL}
FULL = {Fault.FULL_BUFFER, Fault.FULL_BUFFER_KILL}


@dataclass(frozen=True, slots=True)
class Act:
    """One fault: after how long, to whom (the number of a worker's place or of a broker), and where in the code."""

    fault: Fault
    pause_s: float
    who: int
    point: Point | None = None
    passes: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what. `pause_s`: shortest and longest time between two faults."""

    kills: int = 0
    kills_at_points: int = 0
    zombies: int = 0
    zombies_at_points: int = 0
    moves: int = 0
    broker_kills: int = 0
    broker_stops: int = 0
    brokers_lost: int = 0
    full_buffers: int = 0
    full_buffer_kills: int = 0
    pause_s: tuple[float, float] = (1.0, 4.0)

    @property
    def faults(self) -> int:
        """All of them."""
        return len(self._kinds())

    def _kinds(self) -> list[Fault]:
        many = {
            Fault.KILL: self.kills, Fault.KILL_AT_POINT: self.kills_at_points,
            Fault.ZOMBIE: self.zombies, Fault.ZOMBIE_AT_POINT: self.zombies_at_points,
            Fault.BROKER_KILL: self.broker_kills, Fault.BROKER_STOP: self.broker_stops,
            Fault.BROKER_LOST: self.brokers_lost, Fault.FULL_BUFFER: self.full_buffers,
            Fault.FULL_BUFFER_KILL: self.full_buffer_kills,
        }  # fmt: skip
        kinds = [fault for fault, count in many.items() for _ in range(count)]
        return kinds + [(Fault.ADD, Fault.REMOVE)[number % 2] for number in range(self.moves)]

    def acts(self, seed: int, places: int, brokers: int) -> Sequence[Act]:
        """The same seed gives the same acts. Every named point comes up before one comes up again."""
        chance = random.Random(seed)
        kinds = self._kinds()
        chance.shuffle(kinds)
        points: list[Point] = []
        acts = []
        for kind in kinds:
            point = None
            if kind in (Fault.KILL_AT_POINT, Fault.ZOMBIE_AT_POINT):
                points = points or chance.sample(list(Point), len(Point))
                point = points.pop()
            at_broker = kind in (Fault.BROKER_KILL, Fault.BROKER_STOP, Fault.BROKER_LOST)
            who = chance.randrange(brokers if at_broker else places)
            early = point in (Point.IN_ASSIGNMENT, Point.IN_RECOVERY)
            passes = 1 if early else chance.randint(1, 4)
            acts.append(Act(kind, chance.uniform(*self.pause_s), who, point, passes))
        return acts


def small(kills: int) -> tuple[Plan, Plan]:
    """The faults of one `make chaos KILLS=n`: most of them on one broker, a few on three.

    >>> one, three = small(25)
    >>> one.faults + three.faults - one.moves
    25
    """
    on_three = min(2, kills // 10)
    zombies, broker_kills, broker_stops, brokers_lost, full_buffers = (
        (3, 2, 1, 1, 1) if kills >= 15 else (1, 1, 0, 0, 0) if kills >= 5 else (0, 0, 0, 0, 0)
    )
    workers = kills - zombies - broker_kills - broker_stops - brokers_lost - 2 * full_buffers - on_three
    at_points = workers * 2 // 3
    one = Plan(
        kills=workers - at_points, kills_at_points=at_points, zombies=zombies - zombies // 3,
        zombies_at_points=zombies // 3, moves=2, broker_kills=broker_kills, broker_stops=broker_stops,
        full_buffers=full_buffers, full_buffer_kills=full_buffers,
    )  # fmt: skip
    return one, Plan(kills=on_three, brokers_lost=brokers_lost)


def on_three(faults: int) -> Plan:
    """So many on three brokers: half of them brokers that are lost or started anew, whoever leads or coordinates.

    >>> on_three(20).faults
    20
    """
    lost = faults // 4
    anew = faults // 4
    kills = faults - lost - anew
    return Plan(kills=kills - kills // 2, kills_at_points=kills // 2, broker_kills=anew, brokers_lost=lost)
