"""Runs the canary's process: health first, then the rounds, until SIGTERM."""

import asyncio
import contextlib
import logging
import signal
from typing import Final

from streams.canary.canary import Canary
from streams.config.rotation import rotating_keys
from streams.config.settings import Clock, Settings
from streams.config.settings_problems import SettingsError
from streams.worker.http import HealthServer

log = logging.getLogger(__name__)
KEY: Final = "control_record_key"


def refuse_unless_a_canary_may(settings: Settings) -> None:
    """She signs what she puts into the log, and moves no time there. Raises SettingsError."""
    if not settings.keys:
        raise SettingsError(["VIGILWARD_CONTROL_RECORD_KEY: the canary signs her observations: give the workers' key"])
    if settings.clock is Clock.EVENT:
        raise SettingsError(["VIGILWARD_CLOCK: in event clock the canary would move the log's time: use arrival"])


class CanaryHealth:
    """Alive while it runs; unready while Kafka is away. That a partition is blind is no fault of this process."""

    def __init__(self, canary: Canary) -> None:
        self._canary = canary

    def alive(self) -> bool:
        """Whether nothing but a restart would help."""
        return True

    def unready(self) -> list[str]:
        """The reasons of this moment."""
        return self._canary.unready()


async def serve(settings: Settings, every_s: float) -> int:
    """Until SIGTERM or Ctrl-C; the exit code. Raises SettingsError, CannotListen."""
    refuse_unless_a_canary_may(settings)
    canary = Canary(settings, every_s)
    http = HealthServer(settings, canary.metrics.registry, CanaryHealth(canary))
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await http.start()
    work, told = asyncio.create_task(canary.run()), asyncio.create_task(stop.wait())
    following = asyncio.create_task(rotating_keys(settings.keys, settings.secret_files().path_of(KEY)).run())
    await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
    failed = work.done()
    for task in (work, told, following):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    await http.stop()
    log.info("ended in good order")
    return 3 if failed else 0
