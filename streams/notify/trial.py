"""A message to one recipient of the routes, to see that it arrives: no patient's, and no call."""

import asyncio
import contextlib
import secrets
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.alert import Kind, Priority
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import BrokerUnreachable
from streams.notify.channels import Sender
from streams.notify.channels.fhir import FhirServer
from streams.notify.channels.pcd04 import Pcd04
from streams.notify.channels.webhook import Webhook
from streams.notify.channels.webpush import WebPush
from streams.notify.devices import Devices
from streams.notify.notice import Notice, Phase
from streams.notify.routes import Channel, Recipient, Routes, RoutesFault
from streams.notify.settings import NotifySettings
from streams.web_push.identity import Identity
from streams.web_push.subscription import Subscription

WORDS: Final = "Trial message, no patient: nobody is called. Information, not a certified alarm."
DEVICES_WITHIN_S: Final = 15.0


async def try_out(
    settings: Settings, own: NotifySettings, routes: Routes, identity: Identity | None, name: str
) -> list[tuple[str, bool, str]]:
    """A start and its end to a recipient: of each its phase, whether it was taken, and what was said.

    Raises RoutesFault where the routes know no such recipient, BrokerUnreachable where Kafka does not say who has a
    device. Of Web Push all devices of the recipient get it.
    """
    recipient = next((one for one in routes.recipients if one.name == name), None)
    if recipient is None:
        known = ", ".join(one.name for one in routes.recipients)
        raise RoutesFault(f"there is no recipient {name!r}; the routes name: {known}")
    now = datetime.now(UTC)
    start = Notice(
        id=f"trial:{secrets.token_hex(8)}", alert_id=f"trial-{secrets.token_hex(8)}", revision=1, recipient=name,
        phase=Phase.START, kind=Kind.TECHNICAL, priority=Priority.LOW, subject="trial", patient_id="trial", ward=None,
        bed=None, text=WORDS, at=now,
    )  # fmt: skip
    ended = msgspec.structs.replace(start, id=f"{start.id}:over", phase=Phase.END, revision=2)
    said: list[tuple[str, bool, str]] = []
    async with contextlib.AsyncExitStack() as stack:
        sender = await _sender(recipient, settings, own, identity, stack)
        stack.push_async_callback(sender.close)
        for one in (start, ended):
            answer = await sender.send(recipient, one)
            said.append((one.phase, answer.ok, answer.said or ("taken" if answer.ok else "refused")))
            if not answer.ok:
                break
    return said


async def _sender(
    recipient: Recipient,
    settings: Settings,
    own: NotifySettings,
    identity: Identity | None,
    stack: contextlib.AsyncExitStack,
) -> Sender:
    if recipient.channel is not Channel.WEBPUSH:
        return {Channel.WEBHOOK: Webhook, Channel.PCD04: Pcd04, Channel.FHIR: FhirServer}[recipient.channel]()
    assert identity is not None
    devices = Devices(own.push_services)
    following = asyncio.create_task(devices.follow(settings))
    stack.callback(following.cancel)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DEVICES_WITHIN_S):
            while not devices.read_whole:
                await asyncio.sleep(0.05)
    if not devices.read_whole:
        raise BrokerUnreachable(f"who has a device is not known: {settings.topic(Topic.SUBSCRIPTIONS)} cannot be read")

    async def gone(_: Subscription) -> None:
        """The notifier will find it so, and remove it."""

    return WebPush(identity, devices.find, gone)
