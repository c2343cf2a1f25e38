"""The compose file: valid by the Compose specification, pinned, and made of settings that exist.

No container engine is needed: the specification's own schema decides what is valid, and Kafka's settings are tried on
the real broker that the other tests use.
"""

import asyncio
import copy
import importlib.util
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml

from deploy.kafka.broker import Broker, Cluster
from deploy.kafka.properties import COMMON, HOST, Node, free_ports, written
from deploy.notify.phones import PORT, Phone
from schemas.alert import Kind, Priority
from streams.board.accounts import Accounts
from streams.board.settings import PREFIX as BOARD_PREFIX
from streams.board.settings import BoardSettings
from streams.config.packaged_rules import first_rules, packaged_rules
from streams.config.settings import PREFIX, Settings
from streams.gateways.settings import PREFIX as GATEWAY_PREFIX
from streams.gateways.settings import GatewaySettings
from streams.notify.channels import Answer
from streams.notify.channels.webhook import Webhook
from streams.notify.notice import Fate, Notice, Phase
from streams.notify.reach import refuse_where_nobody_is_reached
from streams.notify.routes import Audience, Recipient, Routes, read_routes
from streams.notify.settings import PREFIX as NOTIFY_PREFIX
from streams.notify.settings import NotifySettings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def specification() -> dict[str, Any]:
    """The Compose specification's schema, out of the package that carries it; the package itself is never run."""
    package = importlib.util.find_spec("check_jsonschema")
    assert package is not None and package.origin is not None
    return json.loads((Path(package.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json").read_text())


def offences(compose: dict[str, Any]) -> list[str]:
    schema = specification()
    return [error.message for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(compose)]


def test_the_compose_file_is_valid_by_the_specification():
    assert offences(COMPOSE) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda broken: broken["services"]["worker"].update(comand=["worker"]),
        lambda broken: broken["services"]["kafka"].update(ports="29092"),
        lambda broken: broken["services"]["worker"]["depends_on"]["topics"].update(condition="done"),
        lambda broken: broken["services"]["kafka"].update(image=4),
        lambda broken: broken.update(servces={}),
    ],
    ids=["misspelt key", "text for a list", "unknown condition", "number for a word", "misspelt section"],
)
def test_a_planted_error_is_found(plant: Callable[[dict[str, Any]], None]):
    broken = copy.deepcopy(COMPOSE)
    plant(broken)

    assert offences(broken) != []


def test_every_image_has_a_version():
    assert all(re.search(r":v?\d+\.\d+\.\d+$", service["image"]) for service in SERVICES.values())


def test_the_broker_is_the_one_that_the_tests_run_on():
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text()

    assert f"<version>{SERVICES['kafka']['image'].split(':')[1]}</version>" in pom


@pytest.mark.parametrize("name", OURS)
def test_every_setting_exists_and_has_a_value_that_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch):
    given = {key: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value) for key, value in OURS[name]["environment"].items()}
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {BOARD_PREFIX + field.upper() for field in BoardSettings.model_fields} if name == "board" else set()
    if name.startswith("gateway"):
        known |= {GATEWAY_PREFIX + field.upper() for field in GatewaySettings.model_fields}
    known |= {NOTIFY_PREFIX + field.upper() for field in NotifySettings.model_fields} if name == "notifier" else set()
    assert set(given) <= known
    assert Settings().mode == "demo"


@pytest.mark.parametrize("name", OURS)
def test_every_command_and_option_exists(name: str):
    command, *options = OURS[name]["command"]
    vigilward = str(Path(sys.executable).parent / "vigilward")
    helped = subprocess.run([vigilward, command, "--help"], capture_output=True, text=True, check=False)

    assert helped.returncode == 0, helped.stderr
    assert [option for option in options if option.startswith("--") and f"{option} " not in helped.stdout] == []


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_to_lose(name: str):
    service = OURS[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


def test_nothing_is_reachable_from_other_machines():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_topics_exist_before_anybody_uses_them():
    assert OURS["topics"]["command"] == ["doctor", "--fix"]
    for name in ("worker", "board", "notifier", "simulator"):
        assert OURS[name]["depends_on"]["topics"]["condition"] == "service_completed_successfully"


def test_the_board_lets_in_only_who_has_an_account(monkeypatch: pytest.MonkeyPatch):
    board = OURS["board"]
    [mounted] = board["volumes"]
    path, inside, mode = mounted.split(":")
    for key, value in board["environment"].items():
        if key.startswith(BOARD_PREFIX):
            monkeypatch.setenv(key, str(ROOT / path) if value == inside else value)

    assert (board["environment"]["VIGILWARD_BOARD_ACCOUNTS"], mode) == (inside, "ro")
    assert BoardSettings().host == "0.0.0.0"
    assert Accounts.read(ROOT / path).sign_in("nurse", "vigilward-demo")
    assert board["environment"]["VIGILWARD_CONTROL_RECORD_KEY"] == ""


def notifiers_routes(tmp_path: Path) -> Routes:
    """The example's, with the mounted folder where it stands here."""
    [mounted] = OURS["notifier"]["volumes"]
    path, inside, mode = mounted.split(":")
    assert (mode, OURS["notifier"]["environment"]["VIGILWARD_NOTIFY_ROUTES"]) == ("ro", f"{inside}/routes.toml")
    text = (ROOT / path / "routes.toml").read_text().replace(inside, str(ROOT / path))
    (tmp_path / "routes.toml").write_text(text)
    return read_routes(tmp_path / "routes.toml", ZoneInfo("Europe/London"))


def test_the_notifier_starts_with_its_routes_and_its_receiver_prints_only_what_is_signed(tmp_path, capfd):
    """The receiver shares the notifier's loopback; made-up patients reach the machine among the recipients."""
    routes = notifiers_routes(tmp_path)
    refuse_where_nobody_is_reached(routes, [packaged_rules(), first_rules()])
    [display] = [one for one in routes.recipients if one.audience is Audience.MACHINE]
    phones = SERVICES["phones"]
    assert {one.url for one in routes.recipients} == {f"http://127.0.0.1:{PORT}/"}
    assert phones["network_mode"] == "service:notifier" and phones["image"] == OURS["notifier"]["image"]
    assert (phones["volumes"], phones["cap_drop"]) == (OURS["notifier"]["volumes"], ["ALL"])

    one = Notice(
        id="n", alert_id="a", revision=1, recipient="display", phase=Phase.START, kind=Kind.PHYSIOLOGICAL,
        priority=Priority.HIGH, subject="deterioration", patient_id="p", ward="A", bed="A01",
        text="Bed A01, ward A", at=datetime(2026, 11, 22, tzinfo=UTC), fate=Fate.OWED,
    )  # fmt: skip
    kind = type("Phone", (Phone,), {"key": display.key})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = replace(display, url=f"http://127.0.0.1:{server.server_address[1]}/")
        answers = asyncio.run(sent(one, there, replace(there, key=b"another key of 16 letters")))
        server.shutdown()

    assert [answer.ok for answer in answers] == [True, False]
    assert answers[1].said == "HTTP 401"
    assert capfd.readouterr().out == "display: start: Bed A01, ward A\n"


async def sent(one: Notice, *recipients: Recipient) -> list[Answer]:
    webhook = Webhook()
    answers = [await webhook.send(recipient, one) for recipient in recipients]
    await webhook.close()
    return answers


def test_prometheus_asks_where_the_notifier_answers():
    jobs = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    [found_by] = next(job["dns_sd_configs"] for job in jobs if job["job_name"] == "vigilward-notify")

    assert found_by["names"] == ["notifier"]
    assert str(found_by["port"]) == OURS["notifier"]["environment"]["VIGILWARD_NOTIFY_PORT"]
    assert OURS["notifier"]["environment"]["VIGILWARD_NOTIFY_HOST"] == "0.0.0.0"


def test_prometheus_asks_where_the_worker_answers():
    scraped = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"][0]
    found_by = scraped["dns_sd_configs"][0]

    assert found_by["names"] == ["worker"]
    assert str(found_by["port"]) == OURS["worker"]["environment"]["VIGILWARD_HTTP_PORT"]
    assert OURS["worker"]["environment"]["VIGILWARD_HTTP_HOST"] == "0.0.0.0"


@pytest.mark.needs("promtool")
def test_prometheus_accepts_its_settings():
    words = ["promtool", "check", "config", str(ROOT / "deploy" / "prometheus" / "prometheus.yml")]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.needs("java", "maven")
def test_a_real_broker_starts_with_the_compose_files_settings(tmp_path: Path):
    """The image turns KAFKA_SOME_NAME into some.name; addresses are those of this machine."""
    given = SERVICES["kafka"]["environment"]
    properties = {
        key.removeprefix("KAFKA_").lower().replace("_", "."): value
        for key, value in given.items()
        if key != "CLUSTER_ID"
    }
    inside, outside, controller = free_ports(3)
    local = {":9092": f":{inside}", ":29092": f":{outside}", ":9093": f":{controller}", "//:": f"//{HOST}:"}
    for name in ("listeners", "advertised.listeners", "controller.quorum.voters"):
        for before, after in local.items():
            properties[name] = properties[name].replace(before, after)
        properties[name] = properties[name].replace("kafka:", f"{HOST}:").replace("localhost:", f"{HOST}:")
    properties |= {"log.dirs": str(tmp_path / "data")}
    # A laptop's heap has room for the cleaner's buffer, this one has not.
    properties |= {"log.cleaner.dedupe.buffer.size": COMMON["log.cleaner.dedupe.buffer.size"]}

    java = Cluster(tmp_path / "unused").brokers[0].java
    broker = Broker(tmp_path, Node(1, inside, controller), written(properties), given["CLUSTER_ID"], java)
    try:
        broker.start()
    finally:
        broker.stop()
