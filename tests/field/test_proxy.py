"""The proxy passes, swallows, and leaves nothing behind."""

import gc
import socket
import threading

import pytest

from deploy.kafka.properties import free_ports
from tests.field.proxy import Proxy


class Echo:
    """Sends back what comes."""

    def __enter__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.answer, daemon=True).start()
        return self.listening.getsockname()[1]

    def answer(self):
        while True:
            try:
                one, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.echo, args=(one,), daemon=True).start()

    @staticmethod
    def echo(one):
        with one:
            try:
                while said := one.recv(100):
                    one.sendall(said)
            except OSError:
                return

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


@pytest.fixture
def proxy():
    with Echo() as target, Proxy(*free_ports(1), target) as proxy:
        yield proxy


def through(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def is_closed(one):
    try:
        return not one.recv(9)
    except ConnectionResetError:
        return True


def test_what_is_cut_is_swallowed_and_closed_when_it_is_mended(proxy):
    with through(proxy) as one:
        one.sendall(b"1")
        assert one.recv(9) == b"1"
        proxy.cut()
        one.sendall(b"2")
        one.settimeout(0.3)
        with pytest.raises(TimeoutError):
            one.recv(9)
        proxy.mend()
        one.settimeout(10)
        assert is_closed(one)
    with through(proxy) as another:
        another.sendall(b"3")
        assert another.recv(9) == b"3"


def test_it_ends_with_connections_open_and_closes_its_loop():
    with Echo() as target, Proxy(*free_ports(1), target) as proxy, through(proxy) as one:
        one.sendall(b"1")
        assert one.recv(9) == b"1"
        loop = proxy._loop
    assert loop.is_closed()
    del loop, proxy
    gc.collect()  # an unclosed one would be a ResourceWarning, an error here
