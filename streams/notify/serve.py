"""Runs a notifier's process: checks that every step reaches somebody, serves health, ends on SIGTERM."""

import asyncio
import contextlib
import logging
import signal

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from detectors.rules import Rules
from schemas.action import Step
from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.listening_socket import listening_socket
from streams.notify.notifier import Notifier
from streams.notify.routes import Routes, RoutesFault
from streams.notify.settings import NotifySettings

log = logging.getLogger(__name__)


def steps_of(rules: Rules) -> frozenset[Step]:
    """Every step that a ladder of the rules names, and the last address where there is one."""
    named = {
        Step(one.to)
        for ladder in rules.calling.ladders.values()
        for steps in (ladder.high, ladder.medium, ladder.low, ladder.extreme or ())
        for one in steps
    }
    return frozenset(named | ({Step.LAST_RESORT} if rules.calling.last_resort_minutes else set()))


def refuse_where_nobody_is_reached(routes: Routes, steps: frozenset[Step]) -> None:
    """Each step of a ladder needs a recipient at every hour in every ward. Raises RoutesFault naming the gaps."""
    gaps = list(routes.unreached(routes.wards | {""}, steps))
    if gaps:
        told = "; ".join(f"ward {ward or 'any other'}: nobody for {step} at {hour}" for ward, step, hour in gaps[:8])
        remedy = "name a recipient with that role, or widen wards or shifts"
        raise RoutesFault(f"a call would reach nobody: {told}; {remedy}")


async def serve(settings: Settings, own: NotifySettings, routes: Routes) -> int:
    """Until SIGTERM or Ctrl-C; the exit code. Raises RoutesFault, CannotListen."""
    refuse_where_nobody_is_reached(routes, steps_of(packaged_rules()))
    listening = listening_socket(own.host, own.port, "VIGILWARD_NOTIFY")
    notifier = Notifier(settings, own, routes)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(_app(notifier), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    log.info("metrics and health at http://%s:%d/metrics, /livez, /readyz", own.host, listening.getsockname()[1])
    work, told = asyncio.create_task(notifier.run()), asyncio.create_task(stop.wait())
    await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
    failed = work.done()
    for task in (work, told):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    await runner.cleanup()
    log.info("ended in good order")
    return 3 if failed else 0


def _app(notifier: Notifier) -> web.Application:
    async def livez(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        reasons = notifier.unready
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(_: web.Request) -> web.Response:
        body = generate_latest(notifier.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app
