"""The Kubernetes files: built by Kustomize, valid by the published schemas, with pods and settings that exist."""

import copy
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.make import tools
from streams.board.settings import PREFIX as BOARD_PREFIX
from streams.board.settings import BoardSettings, load_board
from streams.config.settings import PREFIX, Settings, load

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSION = "1.37"
BUILDS = ["base", "overlays/hospital"]
pytestmark = pytest.mark.needs("kubectl")


def built(name: str) -> list[dict[str, Any]]:
    """Every object as Kustomize gives it."""
    words = [tools.path_of("kubectl"), "kustomize", str(FOLDER / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def offences(one: dict[str, Any]) -> str:
    """What the schema says against an object; nothing if it is valid."""
    try:
        kubernetes_validate.validate(one, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    return ""


def pods(objects: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The labels of every kind of pod."""
    return [one["spec"]["template"]["metadata"]["labels"] for one in objects if one["kind"] == "Deployment"]


def selectors(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, str]]]:
    """What looks for pods of ours, by kind and name. The schema does not see one that finds nothing."""
    for one in objects:
        spec = one.get("spec", {})
        if one["kind"] == "Service":
            yield f"Service {one['metadata']['name']}", spec["selector"]
        elif one["kind"] in ("Deployment", "PodDisruptionBudget"):
            yield f"{one['kind']} {one['metadata']['name']}", spec["selector"]["matchLabels"]
        elif one["kind"] == "NetworkPolicy":
            yield f"NetworkPolicy {one['metadata']['name']}", spec["podSelector"]["matchLabels"]


def containers(objects: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each container with the pod around it."""
    for one in objects:
        if one["kind"] == "Deployment":
            pod = one["spec"]["template"]["spec"]
            yield from ((container, pod) for container in pod["containers"])


@pytest.mark.parametrize("name", BUILDS)
def test_every_object_is_valid_by_the_published_schema(name: str):
    assert {offences(one) for one in built(name)} == {""}


@pytest.mark.parametrize(
    "plant",
    [
        lambda one: one["spec"].update(replica=3),
        lambda one: one["spec"]["template"]["spec"]["containers"][0].update(ports="8080"),
        lambda one: one["spec"].pop("selector"),
        lambda one: one["spec"]["template"]["spec"]["containers"][0]["readinessProbe"].update(periodSeconds="5s"),
    ],
    ids=["misspelt key", "text for a list", "no selector", "text for a number"],
)
def test_a_planted_error_is_found(plant: Callable[[dict[str, Any]], Any]):
    worker = copy.deepcopy(next(one for one in built("base") if one["kind"] == "Deployment"))
    plant(worker)

    assert offences(worker) != ""


@pytest.mark.parametrize("name", BUILDS)
def test_every_selector_finds_a_pod(name: str):
    objects = built(name)

    blind = [
        who for who, wanted in selectors(objects) if not any(wanted.items() <= pod.items() for pod in pods(objects))
    ]
    assert blind == []


@pytest.mark.parametrize("name", BUILDS)
def test_probes_and_services_come_to_ports_that_are_open(name: str):
    objects = built(name)
    for container, _ in containers(objects):
        open_ports = {port["name"] for port in container["ports"]}
        probes = [container[f"{which}Probe"]["httpGet"] for which in ("startup", "liveness", "readiness")]

        assert {probe["port"] for probe in probes} <= open_ports
        assert [probe["path"] for probe in probes] == ["/livez", "/livez", "/readyz"]


@pytest.mark.parametrize("name", BUILDS)
def test_volumes_are_there_and_memory_has_units(name: str):
    for container, pod in containers(built(name)):
        memory = [kind["memory"] for kind in container["resources"].values()]

        assert {mount["name"] for mount in container["volumeMounts"]} <= {volume["name"] for volume in pod["volumes"]}
        assert all(re.fullmatch(r"\d+[MG]i", one) for one in memory)


@pytest.mark.parametrize("name", BUILDS)
def test_every_setting_exists(name: str):
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {BOARD_PREFIX + field.upper() for field in BoardSettings.model_fields}
    objects = built(name)
    given = {one["name"] for container, _ in containers(objects) for one in container["env"]}
    given |= {key for one in objects if one["kind"] == "ConfigMap" for key in one["data"]}

    assert given and given <= known


@pytest.mark.parametrize("name", BUILDS)
def test_containers_have_no_rights_to_lose(name: str):
    for container, pod in containers(built(name)):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert pod["securityContext"]["runAsNonRoot"] is True and pod["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("component", ["worker", "canary", "board"])
def test_the_settings_of_a_pod_are_accepted(name: str, component: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What a pod is told must let its process start; secrets and mounted files stand in with files of this test."""
    objects = built(name)
    (told,) = [one["data"] for one in objects if one["kind"] == "ConfigMap"]
    (container,) = [one for one, _ in containers(objects) if one["name"] == component]
    (tmp_path / "mounted").write_text("x")
    given = dict(told) | {one["name"]: one.get("value", "a secret of at least 16 bytes") for one in container["env"]}
    for key, value in given.items():
        monkeypatch.setenv(key, str(tmp_path / "mounted") if value.startswith("/etc/") else value)

    assert load().mode == "real"
    if component == "board":
        assert load_board().host == "0.0.0.0"
