"""A worker whose log says one alert for each record, with the record's offset: to see what is delivered.

Run as a program; everything else is the real worker.
"""

import asyncio
import sys

from streams.config.settings import load
from streams.log import Output, Partition
from streams.worker.logs import set_up
from streams.worker.worker import Worker


def echo(log, stretch):
    """In place of `Partition.take`."""
    said = []
    for offset, _, key, _, _ in stretch.records:
        if offset >= log.next_offset:
            log.next_offset = offset + 1
            log.tally.records += 1
            value = b'{"kind":"technical","priority":"low","state":"raised","offset":%d}' % offset
            said.append(Output("alerts", key, value, (), 0))
    return said


async def main() -> int:
    Partition.take = echo
    return await Worker(load()).run()


if __name__ == "__main__":
    set_up("worker", as_json=True)
    sys.exit(asyncio.run(main()))
