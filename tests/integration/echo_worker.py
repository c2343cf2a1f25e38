"""A worker whose log says one alert for each record, with the record's offset: to see what is delivered.

Run as a program; everything else is the real worker.
"""

import asyncio
import sys

from streams.log import Output, Tally
from streams.settings import load
from streams.worker.logs import set_up
from streams.worker.worker import Worker


class Echo:
    """Says the offset of each record."""

    event_clock, time = True, 0

    def __init__(self, partition: int, kept: object) -> None:
        self.partition, self.next_offset, self.tally, self.watches = partition, 0, Tally(), {}

    def run(self, records):
        said = []
        for offset, _, key, _, _ in records:
            if offset >= self.next_offset:
                self.next_offset = offset + 1
                self.tally.records += 1
                value = b'{"kind":"technical","priority":"low","state":"raised","offset":%d}' % offset
                said.append(Output("alerts", key, value, (), 0))
        return said


async def main() -> int:
    worker = Worker(load())
    worker.ownership._new_log = Echo
    return await worker.run()


if __name__ == "__main__":
    set_up(as_json=True)
    sys.exit(asyncio.run(main()))
