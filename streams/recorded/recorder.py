"""Writes the log to a file that `vigilward replay` takes."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.times import to_text_or_none
from streams.config.topics import Topic
from streams.log.control_records import tick_in
from streams.log.stream_time import StreamClock
from streams.recorded.lines import Begin, Head, StateLine, line_of, written
from streams.recorded.play import Stretch, start_of
from streams.recorded.source import Source
from streams.worker.state_store.identity import identity


class Recorded(NamedTuple):
    """A piece of the file: its bytes, how many records it holds, and whether the recording's start is all there."""

    data: bytes
    records: int = 0
    whole: bool = True


def record(source: Source, stretch: Stretch) -> Iterator[Recorded]:
    """The file in pieces: the head, then each partition's states and records.

    Of a partition everything is recorded up to the first record that arrived after the stretch: what is due by its end
    is said only when time is seen to pass.
    """
    settings = source.settings
    topic = settings.topic(Topic.READINGS)
    whose = identity(settings)
    starts = {number: start_of(source, number, stretch, whose.topic_id) for number in range(settings.partitions)}
    head = Head(
        topic=topic, clock=settings.clock.value, mode=settings.mode.value, partitions=settings.partitions,
        topic_id=whose.topic_id, cluster_id=whose.cluster_id, since=to_text_or_none(stretch.since_ms),
        until=to_text_or_none(stretch.until_ms), whole=all(start.whole for start in starts.values()),
    )  # fmt: skip
    yield Recorded(written(head), whole=head.whole)
    for partition, start in starts.items():
        saved = start.savepoint
        begin = Begin(partition=partition, next_offset=start.offset, rules=None)
        if saved is not None:
            checkpoint = saved.checkpoint
            begin = Begin(
                partition=partition, next_offset=checkpoint.next_offset, time=checkpoint.time,
                first_time=checkpoint.first_time, sources=dict(checkpoint.sources), rules=checkpoint.rules,
                clock=checkpoint.clock, ahead=checkpoint.ahead,
            )  # fmt: skip
        yield Recorded(written(begin))
        for patient, upto, snapshot in saved.states if saved else ():
            yield Recorded(written(StateLine(partition=partition, patient=patient, upto=upto, snapshot=snapshot)))
        end = source.spans()[partition].end
        clock = StreamClock(begin.time, begin.clock, lambda one, n=partition: tick_in(one, settings.keys, topic, n))  # type: ignore[misc]
        for portion in source.records(Topic.READINGS, partition, start.offset, end):
            lines = [written(line_of(partition, one, topic, settings.keys)) for one in portion]
            yield Recorded(b"".join(lines), len(lines))
            if stretch.until_ms is not None and settings.clock.value == "arrival":
                clock.place(portion)
                if clock.time > stretch.until_ms:
                    break
