"""Every secret can stand in a file; keys and certificates are replaced while their holders go on."""

import asyncio
import logging
import os
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import SecretStr

from schemas.control_record import ControlRecordKeys
from streams.board.sessions import Sessions
from streams.board.settings import keys_of, load_board
from streams.config.rotation import FreshContext, SecretFile, rotating_keys
from streams.config.secret_files import secrets_of
from streams.config.settings import Settings, load
from streams.config.settings_names import TABLES, settings_of, variable, variables
from streams.config.settings_problems import SettingsError
from streams.config.settings_told import HIDDEN, in_force, reference
from tests.certificates import certificate, write_certificate

SECRETS = [(table, name) for table in TABLES for name in sorted(secrets_of(settings_of(table)))]
VALUES = {"pseudonym_keys": "k1:a secret of twenty characters"}
A_SECRET = "a secret of twenty characters"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("VIGILWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def put(path: Path, text: str) -> Path:
    """As a secret store replaces a file: another one takes its name."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)
    return path


def test_there_are_secrets_of_workers_boards_and_gateways():
    assert {table for table, _ in SECRETS} == {"", "board", "gateway"}


@pytest.mark.parametrize(("table", "name"), SECRETS)
@pytest.mark.parametrize("by", ["environment", "settings file"])
def test_each_secret_is_read_from_the_file_that_is_named(monkeypatch, tmp_path, table, name, by):
    path = put(tmp_path / "kept", VALUES.get(name, A_SECRET) + "\n")
    if by == "environment":
        monkeypatch.setenv(variable(table, name) + "_FILE", str(path))
    else:
        head = f"[{table}]\n" if table else ""
        (tmp_path / "vigilward.toml").write_text(f'{head}{name}_file = "{path}"\n')

    found = getattr(settings_of(table)(), name)

    assert isinstance(found, SecretStr) and found.get_secret_value() == VALUES.get(name, A_SECRET)
    (told,) = [one for one in in_force(table) if one.variable == variable(table, name)]
    assert told.value == HIDDEN and told.source != "default"
    assert variable(table, name) + "_FILE" in variables() and f"`{variable(table, name)}_FILE`" in reference()


@pytest.mark.parametrize(("table", "name"), SECRETS)
def test_a_secret_given_twice_is_refused_without_being_shown(monkeypatch, tmp_path, table, name):
    monkeypatch.setenv(variable(table, name), "of the environment")
    monkeypatch.setenv(variable(table, name) + "_FILE", str(put(tmp_path / "kept", "of the file, and long")))

    with pytest.raises(SettingsError, match="not both") as refused:
        settings_of(table)()
    assert "of the" not in str(refused.value)


@pytest.mark.parametrize("loads", [load, load_board])
@pytest.mark.parametrize("text", [None, "", "\n", b"\xff\xfe"])
def test_a_file_that_holds_no_secret_is_refused_with_its_name(monkeypatch, tmp_path, loads, text):
    path = tmp_path / "kept"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    name = "VIGILWARD_SASL_PASSWORD_FILE" if loads is load else "VIGILWARD_BOARD_SECRET_FILE"
    monkeypatch.setenv(name, str(path))

    with pytest.raises(SettingsError, match=name):
        loads()


def test_new_keys_of_control_records_reach_all_who_hold_the_old_ones(monkeypatch, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    path = put(tmp_path / "key", "old:the-secret-of-last-year")
    monkeypatch.setenv("VIGILWARD_CONTROL_RECORD_KEY_FILE", str(path))
    settings = load()
    held, file = settings.keys, rotating_keys(settings.keys, Settings.secret_files().path_of("control_record_key"))
    before = held.sign(b"body")
    assert not file.look()

    put(path, "new:the-secret-of-this-year,old:the-secret-of-last-year")
    assert file.look() and not file.look()

    assert settings.keys is held
    assert held.sign(b"body").startswith(b"new:") and held.holds(b"body", before)
    put(path, "new:the-secret-of-this-year")
    assert file.look() and not held.holds(b"body", before)
    assert "the-secret" not in caplog.text


@pytest.mark.parametrize("broken", ["", "short", "a:b", "new:the-secret-of-this-year,new:the-secret-of-this-year"])
def test_keys_that_cannot_be_used_change_nothing_and_are_told(tmp_path, caplog, broken):
    path = put(tmp_path / "key", "old:the-secret-of-last-year")
    keys = ControlRecordKeys.parse(path.read_text())
    file, signed = rotating_keys(keys, path), keys.sign(b"body")

    put(path, broken)

    assert not file.look() and keys.sign(b"body") == signed
    assert "the old one stays" in caplog.text and "the-secret" not in caplog.text


def test_a_key_file_that_is_away_changes_nothing(tmp_path):
    path = put(tmp_path / "key", "old:the-secret-of-last-year")
    keys = ControlRecordKeys.parse(path.read_text())
    file = rotating_keys(keys, path)
    path.unlink()

    assert not file.look() and keys.holds(b"body", keys.sign(b"body"))


def test_a_boards_secret_changes_without_a_new_sign_in(tmp_path):
    path = put(tmp_path / "secret", "the secret of the spring")
    sessions = Sessions(keys_of(path.read_text()), idle_s=60, longest_s=600)
    file = SecretFile("VIGILWARD_BOARD_SECRET_FILE", path, lambda text: sessions.sign_by(keys_of(text)))
    cookie = sessions.write(sessions.begin("nurse", 0.0))

    put(path, "the secret of the summer,the secret of the spring")
    assert file.look() and sessions.read(cookie, 1.0).login == "nurse"
    newer = sessions.write(sessions.begin("nurse", 0.0))
    put(path, "the secret of the summer")

    assert file.look() and sessions.read(cookie, 1.0) is None and sessions.read(newer, 1.0).login == "nurse"


def serial_seen(port: int) -> int:
    """The serial number of the certificate that a client is shown there."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain) as secured:
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True)).serial_number


def test_a_certificate_is_replaced_under_a_running_server(tmp_path, caplog):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def give(with_key: bool = True) -> int:
        made, private = certificate()
        put(cert, made)
        if with_key:
            put(key, private)
        return x509.load_pem_x509_certificate(made.encode()).serial_number

    async def run() -> None:
        first = give()
        context = FreshContext.server(cert, key)
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        assert await asyncio.to_thread(serial_seen, port) == first
        give(with_key=False)
        assert await asyncio.to_thread(serial_seen, port) == first
        assert "the old one stays" in caplog.text
        third = give()
        assert await asyncio.to_thread(serial_seen, port) == third
        server.close()

    asyncio.run(run())


def test_a_client_checks_names_and_authorities_and_a_server_asks_for_certificates(tmp_path):
    cert, key = write_certificate(tmp_path)

    client, server = FreshContext.client(cert), FreshContext.server(cert, key, cert)

    assert client.check_hostname and client.verify_mode is ssl.CERT_REQUIRED
    assert server.verify_mode is ssl.CERT_REQUIRED and FreshContext.server(cert, key).verify_mode is ssl.CERT_NONE
    assert client.cert_store_stats()["x509"] == 1
