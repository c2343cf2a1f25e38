"""The channels' pages in docs/channels: what they give to copy does what they say."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web

from streams.commands import main
from streams.notify.doors import app
from tests.streams.notify.test_receipts import Desk

ROOT = Path(__file__).parents[3]


def blocks(page: str) -> list[str]:
    """What a page gives to copy."""
    return (ROOT / "docs/channels" / page).read_text().split("```")[1::2]


@pytest.mark.parametrize(
    ("page", "script", "port", "printed"),
    [
        ("webhook.md", "phones.py", 9000, ["nurse-phones: start: Trial message", "nurse-phones: end: Trial message"]),
        ("pcd04.md", "pagers.py", 2576, ["68481^MDC_ATTR_EVENT_PHASE^MDC|1.0.0.0.3|start", "3|end", "PN~ST"]),
        ("fhir.md", "record.py", 8090, ['PUT Flag/', '"status": "active"', '"status": "inactive"']),
    ],
)  # fmt: skip
def test_a_page_brings_its_first_message(
    page: str, script: str, port: int, printed: list[str], tmp_path: Path, monkeypatch, capsys, unused_port: int
):
    """By its own key, routes and receiver; at a free port, since another may have the page's."""
    monkeypatch.chdir(tmp_path)
    block = blocks(page)[0]
    making, _, trying = block.partition("python deploy/notify/")
    assert trying.startswith(script)
    subprocess.run(["bash", "-euc", making.replace(str(port), str(unused_port))], check=True)
    words = trying.splitlines()[0].removesuffix(" &").split()[1:]
    code = (ROOT / "deploy/notify" / script).read_text().replace(f"PORT = {port}", f"PORT = {unused_port}")
    with subprocess.Popen([sys.executable, "-", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as receiver:
        assert receiver.stdin is not None and receiver.stdout is not None
        receiver.stdin.write(code.encode())
        receiver.stdin.close()
        listening(unused_port)
        monkeypatch.setattr(sys, "argv", trying.splitlines()[1].split())
        with pytest.raises(SystemExit) as ended:
            main()
        receiver.terminate()
        seen = receiver.stdout.read().decode()

    said = capsys.readouterr().out.split()
    assert not ended.value.code and all(words in seen for words in printed), seen
    page_text = " ".join((ROOT / "docs/channels" / page).read_text().split())
    first, second = " ".join(said).split(" end: ")
    assert f"`{first}` and `end: {second}`" in page_text, "the page says what the command prints"


def listening(port: int) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < ends
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_a_receipt_by_curl_and_openssl_is_taken(monkeypatch, revision, tmp_path: Path):
    desk = Desk(monkeypatch, revision())
    (tmp_path / "demo.key").write_bytes(desk.notifier.dispatch.recipients["nurse"].key)
    lines = blocks("webhook.md")[-1].replace("EVENT ID", desk.phone.id).replace("key=demo", "key=k")

    async def story() -> tuple[int | None, bytes]:
        runner = web.AppRunner(app(desk.notifier))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        here = lines.replace("8096", str(runner.addresses[0][1])).replace("curl ", "curl -sS -w '%{http_code}' ")
        taking = await asyncio.create_subprocess_exec(
            "bash", "-euc", here, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await taking.communicate()
        await runner.cleanup()
        return taking.returncode, said

    assert asyncio.run(story()) == (0, b"204"), json.dumps(lines)
    assert [(one.action_type.value, one.recipient) for one in desk.actions] == [("delivered", "nurse")]
