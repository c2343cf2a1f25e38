"""Board, metrics and health by HTTPS: with a certificate of one's own, and by no other way."""

import asyncio
import datetime
import ipaddress
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client import CollectorRegistry

from schemas.action import Role
from streams.board.accounts import as_lines
from streams.config.settings import Settings
from streams.worker.http import HealthServer
from tests.streams.board.conftest import PASSWORD, BoardProcess, Visitor


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "board.pem", tmp_path / "board.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return files


def test_a_board_with_a_certificate_speaks_https_alone(settings, certificate, tmp_path, monkeypatch):
    file, key = certificate
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(as_lines("vera", "Vera", Role.VIEWER, PASSWORD))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    board = BoardProcess(settings, accounts=accounts, tls_cert_file=file, tls_key_file=key).start()
    try:
        visitor = Visitor(board.address)
        status, _ = visitor.ask("POST", "/api/sign-in", {"login": "vera", "password": PASSWORD})
        cookies = visitor.headers.get_all("Set-Cookie")

        assert board.address.startswith("https://") and status == 200
        assert visitor.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert len(cookies) == 2 and all("Secure" in one and "HttpOnly" in one for one in cookies)
        with pytest.raises((OSError, ValueError)):
            urllib.request.urlopen(board.address.replace("https", "http") + "/livez", timeout=5)
    finally:
        board.kill()


def test_metrics_and_health_are_served_by_https(certificate):
    file, key = certificate
    settings = Settings(http_port=0, http_tls_cert_file=file, http_tls_key_file=key)

    async def told() -> dict[str, bool]:
        server = HealthServer(settings, CollectorRegistry(), SimpleNamespace(alive=lambda: True, unready=list))
        await server.start()
        try:
            return await asyncio.to_thread(ask, server.port)
        finally:
            await server.stop()

    def ask(port: int | None) -> dict[str, bool]:
        context = ssl.create_default_context(cafile=file)
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/livez", timeout=5, context=context) as answer:
            return json.loads(answer.read())

    assert asyncio.run(told()) == {"alive": True}
