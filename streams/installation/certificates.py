"""When certificates end: those in our own files, and the one that the broker shows."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from streams.config.settings import Settings
from streams.installation.finding import Code, Finding

SOON: Final = timedelta(days=30)
ANSWER_S: Final = 5.0
AUTHORITIES: Final = "_CA_FILE"
TOWARDS_KAFKA: Final = "VIGILWARD_SSL_"


def certificate_findings(files: Mapping[str, Path | None], now: datetime) -> Iterator[Finding]:
    """`files`: by the setting that names it (PEM). At most one finding a file.

    Of a certificate with its chain the first counts, which is its own. A file of authorities (`..._CA_FILE`) is sound
    as long as one of them is: a bundle holds those that go out of use beside those that replace them.
    """
    for name, path in files.items():
        if path is None:
            continue
        try:
            ends = [one.not_valid_after_utc for one in x509.load_pem_x509_certificates(path.read_bytes())]
        except (OSError, ValueError):
            yield Finding(
                Code.CERTIFICATE_ENDS,
                name,
                f"{str(path)!r} holds no certificate that can be read",
                "put a certificate there (PEM); connections that need it fail",
            )
            continue
        if name.endswith(AUTHORITIES):
            yield from _ends(name, max(ends), now, _remedy(name), "the last of the authorities")
        else:
            yield from _ends(name, ends[0], now, _remedy(name))


def _remedy(name: str) -> str:
    """What to do about a file, and who has to be started anew: librdkafka reads its files once."""
    if name.startswith(TOWARDS_KAFKA):
        return (
            "replace the file: new connections of workers and the canary take the new one without a restart; boards, "
            "gateways and notifiers are started anew"
        )
    return "replace the file: new connections take the new one without a restart"


def broker_certificate(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The certificate of the first broker, where it is spoken to over TLS; nothing where none answers."""
    if not settings.uses_tls:
        return
    first = settings.bootstrap_servers.split(",")[0].strip()
    host, _, port = first.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # also one that is over is to be seen
    shown = None
    with (
        suppress(OSError, ValueError),
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S) as plain,
        context.wrap_socket(plain, server_hostname=host.strip("[]")) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if shown:
        ends = x509.load_der_x509_certificate(shown).not_valid_after_utc
        yield from _ends(f"broker {first}", ends, now, "renew the broker's certificate; no client comes in without it")


def _ends(subject: str, ends: datetime, now: datetime, remedy: str, what: str = "the certificate") -> Iterator[Finding]:
    if ends - now > SOON:
        return
    day, days = ends.astimezone(UTC).date().isoformat(), abs((ends - now).days)
    says = f"{what} ended on {day}" if ends <= now else f"{what} ends in {days} days, on {day}"
    yield Finding(Code.CERTIFICATE_ENDS, subject, says, remedy)
