"""What Prometheus and a prober get from a board, by whatever address they come, and what they never get."""

from collections.abc import Iterator

import pytest

from streams.config.settings import Settings
from tests.browser.made import Bed, Ward
from tests.streams.board.conftest import BoardProcess, Visitor


@pytest.fixture(scope="module")
def board(settings: Settings, ward: Ward) -> Iterator[BoardProcess]:
    bed = Bed(1)
    ward.tell(bed)
    ward.flush()
    process = BoardProcess(settings).start()
    yield process
    process.kill()


def test_a_scrape_says_whether_the_board_hears_and_names_nobody(board: BoardProcess):
    status, text = Visitor(board.address).ask("GET", "/metrics")

    assert status == 200
    for name in ("ready", "broker_reachable", "beds", "listeners", "partitions_silent", "events_total"):
        assert f"\nvigilward_board_{name} " in text
    assert "process_resident_memory_bytes" in text
    assert Bed(1).patient not in text and "A01" not in text


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_a_probe_by_address_is_answered_and_a_page_is_not(board: BoardProcess, path: str):
    """Kubernetes and Prometheus come to the pod's address, which is none of the board's names."""
    status, _ = Visitor(board.address).ask("GET", path, Host="10.42.0.7:8088")
    refused, _ = Visitor(board.address).ask("GET", "/api/me", Host="10.42.0.7:8088")

    assert status in (200, 503) and refused == 421
