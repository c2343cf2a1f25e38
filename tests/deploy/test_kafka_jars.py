"""The broker's jars are the listed ones, or there is no broker."""

import hashlib
from pathlib import Path

import pytest

from deploy.kafka.jars import LIST, POM, WrongJars, digests, listed, verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kafka-clients.jar").write_bytes(b"clients")
    (tmp_path / "kafka-server.jar").write_bytes(b"server")
    return tmp_path


def test_a_folder_with_exactly_the_listed_jars_is_accepted(folder: Path):
    verify(folder, digests(folder))


def test_a_jar_of_other_bytes_is_refused_by_name(folder: Path):
    wanted = digests(folder)
    (folder / "kafka-server.jar").write_bytes(b"server, and a little more")

    with pytest.raises(WrongJars, match=r"kafka-server\.jar .* has the SHA-256"):
        verify(folder, wanted)


def test_a_missing_jar_is_refused_by_name(folder: Path):
    wanted = digests(folder)
    (folder / "kafka-clients.jar").unlink()

    with pytest.raises(WrongJars, match=r"kafka-clients\.jar is missing"):
        verify(folder, wanted)


def test_a_jar_that_nobody_listed_is_refused_by_name(folder: Path):
    wanted = digests(folder)
    (folder / "stowaway.jar").write_bytes(b"!")

    with pytest.raises(WrongJars, match=r"stowaway\.jar .* is not in jars\.sha256"):
        verify(folder, wanted)


def test_the_list_names_every_jar_once_with_a_whole_hash():
    lines = [line for line in LIST.read_text().splitlines() if line]
    jars = listed(LIST.read_text())

    assert len(jars) == len(lines) == 45
    assert all(len(digest) == hashlib.sha256().digest_size * 2 for digest in jars.values())


def test_what_the_pom_names_is_in_the_list_in_that_very_version():
    jars = listed(LIST.read_text())

    assert "kafka_2.13-4.4.0.jar" in jars
    assert "<version>4.4.0</version>" in POM.read_text()
