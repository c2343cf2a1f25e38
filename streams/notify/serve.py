"""Runs a notifier's process: checks that every step reaches somebody, serves health, ends on SIGTERM."""

import asyncio
import contextlib
import gc
import logging
import signal
from typing import Final

from aiohttp import web

from streams.config.settings import Settings
from streams.installation.in_force import RulesUnknown, rules_in_force
from streams.listening_socket import listening_socket
from streams.notify.doors import app
from streams.notify.notifier import Notifier
from streams.notify.pcd05_door import Pcd05Door
from streams.notify.reach import gaps, refuse_where_nobody_is_reached, told
from streams.notify.routes import Routes, RoutesFault
from streams.notify.settings import NotifySettings
from streams.web_push.identity import Identity

log = logging.getLogger(__name__)
LOOK_AGAIN_S: Final = 60.0
ASK_AGAIN_S: Final = 2.0


def identity_of(own: NotifySettings, routes: Routes) -> Identity | None:
    """The key of Web Push; None where nobody is told by it. Raises RoutesFault where it is missing or none."""
    if not routes.pushes:
        return None
    remedy = "set VIGILWARD_NOTIFY_PUSH_KEY_FILE; `vigilward notify --new-push-key FILE` writes a key"
    if own.push_key_file is None:
        raise RoutesFault(f"a recipient is told by Web Push, and there is no key: {remedy}")
    try:
        return Identity.read(own.push_key_file, own.push_contact)
    except (OSError, ValueError) as fault:
        raise RoutesFault(f"{own.push_key_file}: {fault}: {remedy}") from None


async def serve(settings: Settings, own: NotifySettings, routes: Routes) -> int:
    """Until SIGTERM or Ctrl-C; the exit code. Raises RoutesFault, CannotListen."""
    gc.collect()
    gc.freeze()  # what was imported is not looked through again, which would hold up every call behind it
    identity = identity_of(own, routes)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    listening = listening_socket(own.host, own.port, "VIGILWARD_NOTIFY")
    notifier = Notifier(settings, own, routes, identity)
    runner = web.AppRunner(app(notifier), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    log.info("metrics and health at http://%s:%d/metrics, /livez, /readyz", own.host, listening.getsockname()[1])
    try:
        failed = await _rules_allow(notifier, settings, stop) and await _tell(notifier, settings, stop)
    finally:
        await runner.cleanup()
    log.info("ended in good order")
    return 3 if failed else 0


async def _tell(notifier: Notifier, settings: Settings, stop: asyncio.Event) -> bool:
    """Until told to stop; whether it failed before."""
    own = notifier.own
    if own.mllp_port is not None:
        door = await Pcd05Door(notifier).listen(own.host, own.mllp_port)
        log.info("PCD-05 is taken at %s:%d", own.host, door.sockets[0].getsockname()[1])
    work, ended = asyncio.create_task(notifier.run()), asyncio.create_task(stop.wait())
    looking = asyncio.create_task(_look_again(notifier, settings))
    await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
    failed = work.done()
    for task in (work, ended, looking):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return failed


async def _rules_allow(notifier: Notifier, settings: Settings, stop: asyncio.Event) -> bool:
    """Waits until Kafka says which rules are in force, unready; False if told to stop meanwhile. Raises RoutesFault."""
    notifier.rules_known = False
    while not stop.is_set():
        try:
            rules = await asyncio.to_thread(rules_in_force, settings)
        except RulesUnknown as away:
            log.error("which rules are in force is not known: %s; asking again", away)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ASK_AGAIN_S)
            continue
        refuse_where_nobody_is_reached(notifier.routes, rules)
        notifier.rules_known = True
        return not stop.is_set()
    return False


async def _look_again(notifier: Notifier, settings: Settings) -> None:
    """Rules may change while it runs: who would not be reached under those in force is told, and it is not ready."""
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        try:
            rules = await asyncio.to_thread(rules_in_force, settings)
        except RulesUnknown:  # what was found under those that were in force stands
            continue
        found = list(gaps(notifier.routes, rules))
        if found and found != notifier.gaps:
            log.error("%d calls of the rules in force would reach nobody, the first: %s", len(found), told(found[0]))
        notifier.gaps = found
