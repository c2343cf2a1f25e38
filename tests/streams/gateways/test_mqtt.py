"""What a broker's answer to the MQTT gateway's subscription means."""

import logging
from types import SimpleNamespace

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

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
