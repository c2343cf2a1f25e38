"""Makers for the dull parts of the worker's tests."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec
import pytest
from faust.types import TP

from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.log import Partition
from streams.worker.batches import RecordBatch
from streams.worker.metrics import Metrics


@dataclass
class Noted:
    """An producer that keeps what it is given; `acknowledge` lets it arrive."""

    records: list = field(default_factory=list)
    on_the_way: list = field(default_factory=list)

    async def put(self, records):
        self.records += records
        self.on_the_way += records

    def acknowledge(self):
        records, self.on_the_way = self.on_the_way, []
        for record in records:
            if record.ack is not None:
                record.ack.arrived()


def record(topic, partition, offset, value=b"", key=b"p-1", at=0, headers=()):
    return TP(topic, partition), (offset, at, key, value, headers)


def batch(*records):
    return RecordBatch(records[0][0], [one for _, one in records], 1)


def reading(patient="p-1", second=0, **vitals):
    """One reading's bytes; a vital is its value in the usual unit."""
    units = {"heart_rate": "/min", "resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "temperature": "Cel"}
    well = {"heart_rate": 75, "resp_rate": 16, "spo2": 97, "systolic_bp": 120, "temperature": 37.0}
    values = {**well, **vitals}
    minutes, seconds = divmod(second, 60)
    return msgspec.json.encode(
        {
            "patient_id": patient, "device_id": "mon-1", "sequence": second, "mode": "demo",
            "taken_at": f"2026-11-22T12:{minutes:02}:{seconds:02}.000Z",
            "vitals": {name: {"value": value, "unit": units[name]} for name, value in values.items()},
        }
    )  # fmt: skip


def log_of(partition=0, partitions=1, clock="event", **more):
    return Partition(partition, partitions, clock=clock, mode="demo", rules=packaged_rules(), **more)


@pytest.fixture
def make():
    """The makers above, by their names."""
    return SimpleNamespace(record=record, batch=batch, reading=reading, log_of=log_of, Noted=Noted)


@pytest.fixture
def settings():
    return Settings(clock="event", mode="demo", partitions=1, control_record_key="s3cret-of-the-tests")


@pytest.fixture
def metrics(settings):
    return Metrics(settings)


@pytest.fixture
def run():
    """Runs a coroutine to its end."""
    return asyncio.run
