"""How many messages a gateway acknowledges a second, after Kafka.

    python -m tests.bench.gateway_load hl7v2|fhir|fhir-single --connections 64

One gateway process, a sender process with as many connections as asked for, a Kafka of its own, all on one machine.
Each message is measured a second after the one before it, as a monitor's are. Printed: acknowledged a second, p50 and
p99 of an acknowledgement, and how many of a CPU second of the gateway.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from deploy.kafka.broker import Cluster
from tests.integration.gates import GateProcess
from tests.integration.staging import Stage
from tests.streams.formats.making import HEART_RATE, SPO2, message, observation, obx

ROWS = [
    HEART_RATE, SPO2, obx(3, "151562^MDC_RESP_RATE^MDC", 16, "264928^MDC_DIM_RESP_PER_MIN^MDC", path="1.1.3.1"),
    obx(4, "150021^MDC_PRESS_BLD_NONINV_SYS^MDC", 120, "266016^MDC_DIM_MMHG^MDC", path="1.1.4.1"),
    obx(5, "150022^MDC_PRESS_BLD_NONINV_DIA^MDC", 80, "266016^MDC_DIM_MMHG^MDC", path="1.1.4.2"),
    obx(6, "150344^MDC_TEMP^MDC", 37, "268192^MDC_DIM_DEGC^MDC", path="1.1.5.1"),
]  # fmt: skip
OF_A_BUNDLE = 20
FIRST = datetime(2026, 11, 29, 12)


async def hl7v2(port: int, lane: int, until: float, took: list[float]) -> int:
    """One connection that sends one message after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    wire = b"\x0b" + message(*ROWS, control="@", taken="@at+0100", pid=f"PID|||p-{lane}^^^H^MR") + b"\x1c\r"
    count = 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        at = (FIRST + timedelta(seconds=count)).strftime("%Y%m%d%H%M%S")
        writer.write(wire.replace(b"|@|", f"|{lane}-{count}|".encode()).replace(b"@at", at.encode()))
        answer = await reader.readuntil(b"\x1c\r")
        took.append(time.perf_counter() - began)
        assert b"MSA|AA|" in answer, answer
        count += 1
    writer.close()
    return count


async def fhir(port: int, lane: int, until: float, took: list[float], bundle: int) -> int:
    """One connection that posts one request after the other; the number of Observations."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        made = [observation(id=None, subject={"reference": f"Patient/{lane}-{n}-{count}"}) for n in range(bundle)]
        entries = [{"resource": one, "request": {"method": "POST", "url": "Observation"}} for one in made]
        said = {"resourceType": "Bundle", "type": "batch", "entry": entries} if bundle > 1 else made[0]
        body, path = json.dumps(said).encode(), "/fhir" if bundle > 1 else "/fhir/Observation"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        _, said, length = answer.lower().partition(b"content-length: ")
        if said:
            await reader.readexactly(int(length.split(b"\r\n")[0]))
        else:  # in chunks
            await reader.readuntil(b"\r\n0\r\n\r\n")
        took.append(time.perf_counter() - began)
        assert answer[9:12] in (b"200", b"201"), answer
        count += bundle
    writer.close()
    return count


async def load(door: str, port: int, connections: int, seconds: float, idle: int) -> tuple[int, list[float]]:
    """The number taken and how long each answer took."""
    still = [await asyncio.open_connection("127.0.0.1", port) for _ in range(idle)]
    took: list[float] = []
    until = time.perf_counter() + seconds
    if door == "hl7v2":
        work = [hl7v2(port, lane, until, took) for lane in range(connections)]
    else:
        work = [fhir(port, lane, until, took, OF_A_BUNDLE if door == "fhir" else 1) for lane in range(connections)]
    counts = await asyncio.gather(*work)
    for _, writer in still:
        writer.close()
    return sum(counts), took


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints the figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("door", choices=["hl7v2", "fhir", "fhir-single"])
    words.add_argument("--connections", type=int, default=64)
    words.add_argument("--idle", type=int, default=1_000, help="connections that only stand open (hl7v2)")
    words.add_argument("--seconds", type=float, default=10)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder) / "kafka", for_load=True) as kafka:
        stage = Stage(kafka.bootstrap, "load.", partitions=8).make_topics()
        with GateProcess(stage, Path(folder) / "log", asked.door.split("-")[0]) as gate:
            idle = asked.idle if asked.door == "hl7v2" else 0
            asyncio.run(load(asked.door, gate.door, asked.connections, 2, 0))
            before = cpu_s(gate.process.pid)
            count, took = asyncio.run(load(asked.door, gate.door, asked.connections, asked.seconds, idle))
            used = cpu_s(gate.process.pid) - before
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{asked.door}: {count / asked.seconds:,.0f} a second, answers p50 {cuts[49] * 1000:.0f} ms, "
        f"p99 {cuts[98] * 1000:.0f} ms, {count / used:,.0f} a CPU second of the gateway, {idle:,} idle connections"
    )


if __name__ == "__main__":
    main()
