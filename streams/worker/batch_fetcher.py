"""Faust's fetcher, ended in good order also while partitions change hands."""

import asyncio
from typing import cast

from faust.transport.consumer import Consumer, Fetcher
from mode import Service


class BatchFetcher(Fetcher):
    """Faust's fetcher, which may be ended in the middle of a rebalance.

    Faust's own calls a supervisor that it does not have when it is cancelled while partitions change hands: a worker
    that was asked to leave just then ended with a crash instead.
    """

    @Service.task
    async def _fetcher(self) -> None:
        try:
            await cast(Consumer, self.app.consumer)._drain_messages(self)
        except asyncio.CancelledError:
            if not (self.should_stop or self.app.should_stop):
                raise
        finally:
            self.set_shutdown()
