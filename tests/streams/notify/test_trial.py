"""A trial sends a start and its end to one recipient, of no patient; the channels' pages name what there is."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from aiohttp import web

from schemas.action import Step
from streams.config.settings import Settings
from streams.installation.broker import BrokerUnreachable
from streams.notify import trial
from streams.notify.routes import Channel, Recipient, RoutesFault
from streams.notify.settings import NotifySettings
from streams.notify.trial import try_out
from tests.streams.notify.conftest import person, routes_of
from tests.streams.web_push.receiving import sender_in

ROOT = Path(__file__).parents[3]


def tried(name: str, status: int = 204) -> tuple[list, list[dict]]:
    events: list[dict] = []

    async def story() -> list:
        async def take(request: web.Request) -> web.Response:
            events.append(await request.json())
            return web.Response(status=status)

        served = web.Application()
        served.router.add_post("/", take)
        runner = web.AppRunner(served)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        routes = routes_of(person(Step.NURSE, url=f"http://127.0.0.1:{runner.addresses[0][1]}/"))
        try:
            return await try_out(Settings(), NotifySettings(), routes, None, name)
        finally:
            await runner.cleanup()

    return asyncio.run(story()), events


def test_a_trial_tells_a_start_and_its_end_of_no_patient():
    said, events = tried("nurse")

    assert said == [("start", True, "taken"), ("end", True, "taken")]
    assert [one["data"]["phase"] for one in events] == ["start", "end"]
    assert all("no patient" in one["data"]["text"] and one["data"]["step"] is None for one in events)
    assert len({one["id"] for one in events}) == 2 and "trial" in json.dumps(events)


def test_a_trial_that_is_refused_says_so_and_sends_no_end():
    said, events = tried("nurse", 401)
    assert said == [("start", False, "HTTP 401")] and len(events) == 1
    with pytest.raises(RoutesFault, match="the routes name: nurse"):
        tried("nobody")


def test_while_kafka_does_not_say_who_has_a_device_nobody_is_said_to_have_none(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(trial, "DEVICES_WITHIN_S", 0.2)
    nurses = Recipient("nurses", Channel.WEBPUSH, role=Step.NURSE, receipts=True)
    nowhere = Settings(bootstrap_servers="127.0.0.1:1")

    with pytest.raises(BrokerUnreachable, match="who has a device is not known"):
        asyncio.run(try_out(nowhere, NotifySettings(), routes_of(nurses), sender_in(tmp_path), "nurses"))


@pytest.mark.parametrize("page", ["webhook", "pcd04", "webpush", "fhir"])
def test_the_page_of_each_channel_ends_its_first_steps_with_a_trial_of_its_own_recipient(page: str):
    text = (ROOT / "docs" / "channels" / f"{page}.md").read_text()
    [name] = re.findall(r'^name = "(.+)"$', text, re.MULTILINE)

    assert f'channel = "{page}"' in text and f"--try {name}" in text
    for file in re.findall(r"deploy/notify/\w+\.py", text):
        assert (ROOT / file).is_file()
