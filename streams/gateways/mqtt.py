"""The MQTT gateway: readings of devices from a broker, acknowledged (QoS 1) once Kafka has them.

The patient and the device stand in the topic by template, or in the message. Acknowledgements are by hand: a client
that acknowledges on arrival loses what it held when it is killed. Subscribed with QoS 1 at most and a session that
outlives us, the broker keeps what we have not acknowledged and sends it again. A device's last will on a `gone` topic
makes its vitals "not available" at once; silence says the same a little later, without a will.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from streams.config.settings_problems import SettingsError
from streams.formats.format import Format
from streams.gateways.gateway import Gateway
from streams.gateways.store import NotStored

log = logging.getLogger(__name__)
RECEIVE_MAXIMUM: Final = 500
SESSION_S: Final = 7 * 86_400
TRY_AGAIN_S: Final = 1.0
REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Template:
    """A topic with {patient} and {device} in it.

    >>> Template.of("vitals/{patient}/{device}/+").read("vitals/p-1/d-1/spo2")
    {'patient': 'p-1', 'device': 'd-1'}
    """

    filter: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> "Template":
        """Reads a template. Raises ValueError."""
        levels = text.split("/")
        for level in levels:
            if level not in ("+", "#", "{patient}", "{device}") and ("{" in level or "+" in level or "#" in level):
                raise ValueError(f"{text!r}: a level is a name, +, {{patient}} or {{device}}")
        wanted = {"{patient}": "(?P<patient>[^/]+)", "{device}": "(?P<device>[^/]+)", "+": "[^/]+", "#": ".*"}
        pattern = "/".join(wanted.get(level, re.escape(level)) for level in levels)
        return cls("/".join("+" if level.startswith("{") else level for level in levels), re.compile(pattern))

    def read(self, topic: str) -> dict[str, str] | None:
        """What the topic says; None if it is another."""
        found = self.pattern.fullmatch(topic)
        return found.groupdict() if found else None


class MqttDoor:
    """The subscriber. Paho has a thread of its own; all of ours happens in the event loop."""

    def __init__(self, gateway: Gateway) -> None:
        own = gateway.own
        self._gateway = gateway
        self._gone = [_template(text, "MQTT_GONE_TOPICS") for text in own.mqtt_gone_topics]
        self._topics = [_template(text, "MQTT_TOPICS") for text in own.mqtt_topics]
        self._filters = [one.filter for one in (*self._topics, *self._gone)]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._vitals: dict[tuple[str, str], set[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = self._make_client()

    def _make_client(self) -> paho.Client:
        own = self._gateway.own
        five = own.mqtt_version == 5
        client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            own.mqtt_client_id,
            clean_session=None if five else False,
            protocol=paho.MQTTv5 if five else paho.MQTTv311,
            manual_ack=True,
        )
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.reconnect_delay_set(1, 10)
        if own.mqtt_user:
            client.username_pw_set(own.mqtt_user, own.mqtt_password.get_secret_value())
        if own.mqtt_tls:
            client.tls_set()
        client.on_connect, client.on_message = self._on_connect, self._on_message
        client.on_subscribe, client.on_disconnect = self._on_subscribe, self._on_disconnect
        return client

    async def start(self) -> None:
        """Connects, and stays connected. Raises SettingsError where the broker cannot be reached at first."""
        own = self._gateway.own
        self._loop = asyncio.get_running_loop()
        more: dict[str, Any] = {}
        if own.mqtt_version == 5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            more = {"clean_start": False, "properties": properties}
        try:
            await asyncio.to_thread(self._client.connect, own.mqtt_host, own.mqtt_port, 30, **more)
        except OSError as error:
            said = f"the MQTT broker at {own.mqtt_host}:{own.mqtt_port} does not answer ({error.strerror or error})"
            raise SettingsError([said], exit_code=3) from None
        self._client.loop_start()

    async def stop(self) -> None:
        """Takes nothing more; waits for what is on its way, so that it is acknowledged."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _on_connect(self, client: paho.Client, _: Any, __: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            log.error("the MQTT broker refuses us: %s", code)
            return
        client.subscribe([(template, 1) for template in self._filters])

    def _on_subscribe(self, _: paho.Client, __: Any, ___: int, granted: list[Any], ____: Any) -> None:
        """Connected means that what is published from now on comes here: a broker may refuse that, topic by topic."""
        refused = [name for name, code in zip(self._filters, granted, strict=True) if code.is_failure]
        unkept = [name for name, code in zip(self._filters, granted, strict=True) if code.value == 0]
        if refused:
            log.error("the MQTT broker lets us subscribe to no %s: allow the gateway's user to", ", ".join(refused))
        if unkept:
            log.error(
                "the MQTT broker sends %s once only (QoS 0): what we lose it does not send again", ", ".join(unkept)
            )
        self._gauge(int(not refused))

    def _on_disconnect(self, _: paho.Client, __: Any, ___: Any, code: Any, ____: Any) -> None:
        self._gauge(0)
        log.info("the MQTT broker is gone: %s", code)

    def _gauge(self, value: int) -> None:
        self._gateway.metrics.connections.labels(self._gateway.door).set(value)

    def _on_message(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._begin, message)

    def _begin(self, message: paho.MQTTMessage) -> None:
        task = asyncio.ensure_future(self._take(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, message: paho.MQTTMessage) -> None:
        """Stores one message, again and again until Kafka has it, and only then acknowledges it."""
        gone = next((said for one in self._gone if (said := one.read(message.topic)) is not None), None)
        said = next((said for one in self._topics if (said := one.read(message.topic)) is not None), {})
        while True:
            try:
                if gone is not None:
                    await self._gateway.publish(self._gone_reading(gone))
                else:
                    await self._take_readings(bytes(message.payload), said)
                break
            except NotStored:
                await asyncio.sleep(TRY_AGAIN_S)
        if message.qos:
            self._client.ack(message.mid, message.qos)

    async def _take_readings(self, payload: bytes, said: dict[str, str]) -> None:
        """Raises NotStored."""
        answer = await self._gateway.take(
            payload, Format.AUTO, sender=self._gateway.door, patient=said.get("patient"), device=said.get("device")
        )
        await answer.stored
        for one in answer.results:
            for reading in one.readings:
                self._note(reading)

    def _note(self, reading: dict[str, Any]) -> None:
        known = self._vitals.setdefault((reading["patient_id"], reading["device_id"]), set())
        known.update(reading["vitals"])
        if len(self._vitals) > REMEMBERED:
            self._vitals.pop(next(iter(self._vitals)))

    def _gone_reading(self, said: dict[str, str]) -> dict[str, Any]:
        """That a device's vitals are not available from now on; a heart rate where nothing of it was seen yet."""
        # under the name by which the readings of its topic go
        patient, device = self._gateway.converter.identity.known_as(said.get("patient", "")), said.get("device", "")
        vitals = sorted(self._vitals.get((patient, device), ())) or ["heart_rate"]
        return {
            "patient_id": patient,
            "device_id": device,
            "source": "wearable",
            "taken_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "vitals": {name: {"value": None, "quality": "not available"} for name in vitals},
        }


def _template(text: str, name: str) -> Template:
    try:
        return Template.of(text)
    except ValueError as error:
        raise SettingsError([f"VIGILWARD_GATEWAY_{name}: {error}"]) from None
