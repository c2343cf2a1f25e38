"""What a broker's answer to the MQTT gateway's subscription means, and what a device's last will becomes."""

import asyncio
import json
import logging
from types import SimpleNamespace

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from schemas.decode import decode
from streams.config.settings import Settings
from streams.gateways.gateway import Gateway
from streams.gateways.metrics import GatewayMetrics
from streams.gateways.mqtt import MqttDoor
from streams.gateways.settings import GatewaySettings

NOT_AUTHORIZED = 0x87


def answered(metrics, *codes):
    door = MqttDoor(SimpleNamespace(own=GatewaySettings(), metrics=metrics, door="mqtt"))
    door._on_subscribe(None, None, 1, [ReasonCode(PacketTypes.SUBACK, identifier=code) for code in codes], None)
    return metrics.registry.get_sample_value("vigilward_gateway_connections", {"door": "mqtt"})


@pytest.mark.parametrize(
    ("codes", "connected", "said"),
    [
        ((1, 1), 1, ""),
        ((NOT_AUTHORIZED, 1), 0, "subscribe to no vitals/+/+:"),
        ((1, NOT_AUTHORIZED), 0, "subscribe to no vitals/+/+/gone:"),
        ((0, 1), 1, "sends vitals/+/+ once only"),
    ],
)
def test_a_subscription_counts_when_the_broker_grants_it_and_is_named_when_not(caplog, codes, connected, said):
    caplog.set_level(logging.ERROR)

    assert answered(GatewayMetrics("mqtt"), *codes) == connected
    assert said in caplog.text and bool(said) == bool(caplog.records)


@pytest.mark.parametrize("keys", ["", "k1:0123456789abcdef"])
@pytest.mark.parametrize("seen", [True, False])
def test_a_last_will_goes_under_the_name_and_the_vitals_of_the_topics_readings(keys, seen):
    taken = {"taken_at": "2026-11-29T20:00:00Z", "vitals": {"spo2": {"value": 97, "unit": "%"}}}
    records, acknowledged = [], []

    async def story():
        gateway = Gateway("mqtt", Settings(topic_prefix="w."), GatewaySettings(pseudonym_keys=keys))
        gateway.store.put = put
        door = MqttDoor(gateway)
        door._client = SimpleNamespace(ack=lambda *message: acknowledged.append(message))
        if seen:
            await door._take(sent("vitals/4711/d-1", json.dumps(taken).encode()))
        await door._take(sent("vitals/4711/d-1/gone", b"", 2))
        return gateway.converter.identity.named("4711")

    def sent(topic, payload, mid=1):
        return SimpleNamespace(topic=topic, payload=payload, mid=mid, qos=1)

    async def put(given):
        records.extend(given)
        stored = asyncio.get_running_loop().create_future()
        stored.set_result(None)
        return stored

    name = asyncio.run(story())
    gone = decode(records[-1].value)
    assert (name == "4711") is not bool(keys)
    assert {(one.key.decode(), decode(one.value).patient_id) for one in records} == {(name, name)}
    assert set(gone.vitals) == ({"spo2"} if seen else {"heart_rate"})
    assert {one.quality for one in gone.vitals.values()} == {"not available"} and (2, 1) in acknowledged
