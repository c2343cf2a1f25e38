"""Others' clients and judges against our gateways: HAPI HL7v2, HAPI FHIR, fhir-kit-client, fhir.resources."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy.kafka.jars import fetch
from tests.integration.gates import GateProcess, readings
from tests.integration.staging import ROOT, Stage

PEERS = Path(__file__).parent / "peers"
CACHE = ROOT / ".cache" / "peers"


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=3).make_topics()


def hapi_jars():
    """The folder with HAPI's jars, by Maven, once for each list of them: whole, or not at all."""
    folder = CACHE / f"libs-{hashlib.sha256((PEERS / 'pom.xml').read_bytes()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as held, tempfile.TemporaryDirectory(dir=CACHE) as fresh:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not folder.is_dir():
            fetch(Path(fresh, "libs"), PEERS / "pom.xml")
            Path(fresh, "libs").rename(folder)
    return folder


@pytest.fixture(scope="session")
def jars():
    return hapi_jars()


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
        assert java(jars, "Hl7Peer", gate.door) == ["ACK AA H-1 valid", "ACK AE H-2 valid OBX 101"]
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
        said = said_by([judge, "fhir_judge.py", str(gate.door), str(tmp_path / "cases")], PEERS)

    assert said[0] == "CapabilityStatement valid"
    assert said[-1] == "batch 200, batch-response valid"
    cases = dict(line.split(": ", 1) for line in said[1:-1])
    answered = {name: words.rpartition(", ")[2] for name, words in cases.items()}
    assert set(answered.values()) == {"OperationOutcome valid"}
    taken = {name for name, words in cases.items() if "to us 201" in words}
    assert taken == {"good"}
    assert {name for name in taken if "to the judge refused" in cases[name]} == set()
    passed = {name for name, words in cases.items() if "to the judge valid" in words}
    assert passed == {"good", *LET_PASS, "a value and why it is absent", "status of no list"}


# What is well-formed FHIR and yet no vital sign that can be watched: no judge of structure says so.
LET_PASS = {
    "a unit without code", "a unit of another vital", "another comparator", "modified", "of another focus",
    "no subject", "a date alone", "entered in error",
}  # fmt: skip


@pytest.mark.needs("java", "maven")
def test_hapis_instance_validator_finds_nothing_wrong_in_what_we_take_and_answer(stage, tmp_path, jars, judge):
    with GateProcess(stage, tmp_path, "fhir") as gate:
        said = said_by([judge, "fhir_judge.py", str(gate.door), str(tmp_path / "cases")], PEERS)
    files = sorted((tmp_path / "cases").glob("*.json"))
    words = ["java", "-cp", f"{jars}/*", str(PEERS / "FhirValidator.java"), *map(str, files)]
    valid = {name: verdict == "valid" for name, _, verdict in (one.rpartition(" ") for one in said_by(words, PEERS))}

    ours = {line.split(": ")[0] for line in said if "to us 201" in line}
    assert ours == {"good"}
    assert {name for name, good in valid.items() if name.startswith("answer ") and not good} == set()
    assert {name for name, good in valid.items() if not name.startswith("answer ") and good} == {*ours, *LET_PASS}
