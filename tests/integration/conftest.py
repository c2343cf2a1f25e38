"""A real Apache Kafka for the whole session, and names of its own for every test."""

import re
import uuid
from collections.abc import Iterator

import pytest

from deploy.kafka.broker import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for `kafka` needs what it runs on."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.needs("java", "maven"))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker for all tests of the session (usable after about 5 s). A test that hurts a broker starts its own."""
    with Cluster(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> str:
    """A prefix for topics, groups and ids that no other test has, with the test's name in it for the logs."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    return f"{name}-{uuid.uuid4().hex[:8]}."
