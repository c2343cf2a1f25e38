"""How the brokers are configured, where a wrong setting would cost an hour to find."""

from pathlib import Path

from deploy.kafka.properties import PORTS, Node, free_ports, server_properties, written

ONE = [Node(1, 20_001, 20_002)]
THREE = [Node(n, 20_000 + n, 21_000 + n) for n in (1, 2, 3)]


def of(nodes: list[Node], **settings: str) -> dict[str, str]:
    return server_properties(nodes[0], nodes, Path("/data"), settings)


def test_one_broker_keeps_one_copy_of_everything():
    copies = {name: value for name, value in of(ONE).items() if name.endswith(("replication.factor", "min.isr"))}

    assert len(copies) == 6
    assert set(copies.values()) == {"1"}


def test_three_brokers_keep_three_copies_and_write_to_two():
    properties = of(THREE)

    assert properties["offsets.topic.replication.factor"] == "3"
    assert properties["transaction.state.log.replication.factor"] == "3"
    assert properties["min.insync.replicas"] == properties["transaction.state.log.min.isr"] == "2"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003"


def test_the_cleaners_buffer_fits_into_a_small_heap():
    assert int(of(ONE)["log.cleaner.dedupe.buffer.size"]) < 16 * 1024 * 1024


def test_a_misspelt_topic_is_not_created():
    assert of(ONE)["auto.create.topics.enable"] == "false"


def test_a_test_has_the_last_word_on_a_setting():
    assert of(ONE, **{"message.max.bytes": "2000000"})["message.max.bytes"] == "2000000"


def test_ports_are_free_distinct_and_never_a_clients_source_port():
    ports = free_ports(6)

    assert len(set(ports)) == 6
    assert all(port in PORTS for port in ports)
    assert PORTS.stop <= 32_768


def test_the_file_has_one_setting_a_line():
    lines = written(of(ONE)).splitlines()

    assert "node.id=1" in lines
    assert len(lines) == len(of(ONE))
