"""Others' clients and judges against our gateways: HAPI HL7v2, HAPI FHIR, fhir-kit-client, fhir.resources."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.gates import GateProcess, readings
from tests.integration.staging import ROOT, Stage

PEERS = Path(__file__).parent / "peers"
CACHE = ROOT / ".cache" / "peers"


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=3).make_topics()


@pytest.fixture(scope="session")
def jars():
    """HAPI's jars, by Maven, once."""
    folder = CACHE / "libs"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        words = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run([*words, "-f", str(PEERS / "pom.xml")], check=True)
    return folder


def java(jars, name, port):
    words = ["java", "-cp", f"{jars}/*", str(PEERS / f"{name}.java"), str(port)]
    return said_by(words, PEERS)


def said_by(words, folder):
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return [line.strip() for line in ended.stdout.splitlines()]


@pytest.mark.needs("java", "maven")
def test_hapi_hl7v2_reads_our_acknowledgements(stage, tmp_path, jars):
    with GateProcess(stage, tmp_path, "hl7v2") as gate:
        assert java(jars, "Hl7Peer", gate.door) == ["ACK AA H-1", "ACK AE H-2 OBX 101"]
    assert [one["patient_id"] for one in readings(stage)] == ["4711"]


@pytest.mark.needs("java", "maven")
def test_hapi_fhirs_client_creates_and_reads_our_outcomes(stage, tmp_path, jars):
    with GateProcess(stage, tmp_path, "fhir") as gate:
        assert java(jars, "FhirPeer", gate.door) == [
            "create true",
            "refused Observation.valueQuantity.code",
            "conditional true Observation",
            "conditional null Observation",
            "batch 201",
            "batch 422",
        ]
    assert len(readings(stage)) == 3


@pytest.mark.needs("node", "npm")
def test_a_javascript_client_creates_and_reads_our_outcomes(stage, tmp_path):
    folder = tmp_path / "javascript"
    shutil.copytree(PEERS, folder)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    with GateProcess(stage, tmp_path / "log", "fhir") as gate:
        assert said_by(["node", "fhir_peer.mjs", str(gate.door)], folder) == [
            "metadata 4.0.1",
            "create 201",
            "refused 422 Observation.valueQuantity.code",
        ]


@pytest.fixture(scope="session")
def judge():
    """A Python of its own with fhir.resources, once: our own needs it not."""
    folder = CACHE / "judge"
    if not (folder / "ready").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        words = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "fhir.resources==8.3.0"]
        subprocess.run(words, check=True)
        (folder / "ready").touch()
    return str(folder / "bin" / "python")


def test_fhir_resources_takes_our_answers_and_refuses_nothing_that_we_take(stage, tmp_path, judge):
    with GateProcess(stage, tmp_path, "fhir") as gate:
        said = said_by([judge, "fhir_judge.py", str(gate.door)], PEERS)

    assert said[0] == "CapabilityStatement valid"
    assert said[-1] == "batch 200, batch-response valid"
    cases = dict(line.split(": ", 1) for line in said[1:-1])
    answered = {name: words.rpartition(", ")[2] for name, words in cases.items()}
    assert set(answered.values()) == {"OperationOutcome valid"}
    taken = {name for name, words in cases.items() if "to us 201" in words}
    assert taken == {"good"}
    assert {name for name in taken if "to the judge refused" in cases[name]} == set()
    # what the judge lets pass and we do not: no UCUM code, and a status of no list
    passed = {name for name, words in cases.items() if "to the judge valid" in words}
    assert passed == {"good", "a unit without code", "status of no list"}
