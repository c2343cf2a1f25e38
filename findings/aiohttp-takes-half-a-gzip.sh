#!/usr/bin/env bash
# aiohttp 3.14.5 (Python, HTTP server and client): a gzip body of which the end is missing, with a right Content-Length.
# Seen: the server's `await request.read()` and the client's `await answer.read()` both give what could be unpacked, without an error: of 600
# readings a line each some hundreds, the last one cut within its line. The same body under `deflate` raises, on both sides.
# Guess before the run: gzip ends with a checksum and a length, so a body without them is refused, as deflate's is.
# Why it matters: a device that is switched off while it packs sends half of its readings, and each half line looks like the device's fault.
# Unpack by hand (`auto_decompress=False`, `zlib.decompressobj(31)`) and look at `eof` before anything is taken.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check aiohttp==3.14.5
cat > run.py <<'PY'
import asyncio
import gzip
import random
import zlib

from aiohttp import ClientError, ClientSession, web

random.seed(1)
LINES = b"".join(b'{"spo2": %d, "at": %d}\n' % (random.randint(80, 99), random.getrandbits(40)) for _ in range(600))
HALVES = {"gzip": gzip.compress(LINES), "deflate": zlib.compress(LINES)}
HALVES = {name: packed[: len(packed) // 2] for name, packed in HALVES.items()}


def seen(body):
    return f"{body.count(b'}')} whole lines of 600"


async def main():
    heard, got = {}, {}

    async def take(request):
        heard[request.headers["Content-Encoding"]] = seen(await request.read())
        return web.Response()

    async def give(request):
        how = request.match_info["how"]
        return web.Response(body=HALVES[how], headers={"Content-Encoding": how})

    app = web.Application()
    app.add_routes([web.post("/", take), web.get("/{how}", give)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    for how, half in HALVES.items():
        async with ClientSession() as client:
            async with client.post(url, data=half, headers={"Content-Encoding": how}) as answer:
                heard.setdefault(how, f"refused with {answer.status}")
            try:
                async with client.get(url + how) as answer:
                    got[how] = seen(await answer.read())
            except ClientError as error:
                got[how] = type(error).__name__
    await runner.cleanup()
    print("server:", heard)
    print("client:", got)
    return all("whole lines" in side["gzip"] and "whole lines" not in side["deflate"] for side in (heard, got))


raise SystemExit(0 if asyncio.run(main()) else 1)
PY
env/bin/python run.py 2> log
