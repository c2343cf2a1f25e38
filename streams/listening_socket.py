"""A socket to listen on, or a sentence that says why not and which setting to change."""

import ipaddress
import socket


class CannotListen(RuntimeError):
    """The configured address cannot be had; the message names the setting."""

    exit_code = 3


def listening_socket(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket; any free port for 0. `setting`: the prefix of its two settings. Raises CannotListen.

    A port that is taken is never replaced by another one: a prober or Prometheus would judge the wrong process.

    >>> listening_socket("192.0.2.1", 0, "VIGILWARD_HTTP")
    Traceback (most recent call last):
    streams.listening_socket.CannotListen: cannot listen on 192.0.2.1:0 (...): set VIGILWARD_HTTP_HOST to an ...
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind((host, port))
        one.listen(512)  # whoever comes before we are ready waits
    except OSError as refused:
        one.close()
        raise CannotListen(
            f"cannot listen on {host}:{port} ({refused.strerror}): {_remedy(refused, setting)}"
        ) from None
    return one


def _remedy(refused: OSError, setting: str) -> str:
    if isinstance(refused, PermissionError):
        return f"set {setting}_PORT to 1024 or above, or give the right to bind low ports"
    if isinstance(refused, socket.gaierror) or refused.errno == 99:  # EADDRNOTAVAIL
        return f"set {setting}_HOST to an address of this machine, 0.0.0.0 for all"
    return f"set {setting}_PORT to another port, or 0 for any free one"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
