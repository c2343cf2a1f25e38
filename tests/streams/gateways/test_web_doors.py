"""The doors that speak HTTP, without Kafka: what is wrong with a whole request is answered with what to do."""

import asyncio
import gzip
import json
import zlib

import pytest
from aiohttp import ClientSession

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.gateways.fhir import FhirDoor
from streams.gateways.gateway import Gateway
from streams.gateways.http import HttpDoor
from streams.gateways.server import listen, make_app
from streams.gateways.settings import GatewaySettings
from tests.streams.formats.making import observation

READING = {"device_id": "w-1", "taken_at": "2026-11-29T20:00:00Z", "vitals": {"spo2": {"value": 97, "unit": "%"}}}
BROKEN = gzip.compress(b"{}" * 100, mtime=0)[:20]


def asked(door, *requests, **own):
    """Status and JSON of each answer, and what was stored."""

    async def story():
        gateway, given = Gateway(door, Settings(topic_prefix="w."), GatewaySettings(**own)), []

        async def put(records):
            given.extend(records)
            stored = asyncio.get_running_loop().create_future()
            stored.set_result(None)
            return stored

        gateway.store.put, gateway.starting = put, False
        app = make_app(gateway)
        (FhirDoor if door == "fhir" else HttpDoor)(gateway).add_to(app)
        answers = []
        runner, port = await listen(app, gateway, 0, tls=False)
        async with ClientSession(f"http://127.0.0.1:{port}") as client:
            for method, path, body, headers in requests:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                async with client.request(method, path, data=data, headers=headers) as answer:
                    answers.append((answer.status, json.loads((await answer.text()).splitlines()[0])))
        await runner.cleanup()
        return answers, given

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (BROKEN, {"Content-Encoding": "gzip"}, 400),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (zlib.compress(b"{}" * 100)[:9], {"Content-Encoding": "deflate"}, 400),
        (b"{}", {"Content-Encoding": "br"}, 400),
        (b"no deflate", {"Content-Encoding": "deflate"}, 400),
        (BROKEN, {}, 400),
        (b"x" * 3_000, {}, 413),
        (gzip.compress(b" " * 100_000, mtime=0), {"Content-Encoding": "gzip"}, 413),
        (gzip.compress(b" " * 100_000, mtime=0), {}, 413),
    ],
)
def test_a_body_that_cannot_be_unpacked_or_is_too_large_is_refused_with_what_to_do(body, headers, status):
    answers, given = asked("http", ("POST", "/readings", body, headers), max_message_bytes=2_000)

    assert answers[0][0] == status and "send" in answers[0][1]["error"] and given == []


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda body: zlib.compress(body)[2:-4], bytes])
def test_a_body_is_taken_as_it_was_packed(pack):
    how = {gzip.compress: "gzip", bytes: ""}.get(pack, "deflate")
    body = pack(json.dumps({"patient_id": "p-1", **READING}).encode())
    answers, given = asked("http", ("POST", "/readings", body, {"Content-Encoding": how} if how else {}))

    assert (answers[0][0], len(given)) == (200, 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("POST", "/fhir/Observation", BROKEN, {"Content-Encoding": "gzip"}, 400, "structure"),
        ("POST", "/fhir", b"x" * 3_000, {}, 413, "too-long"),
        ("POST", "/fhir/Observation", b"{broken", {}, 400, "structure"),
        ("POST", "/fhir/Observation", {"resourceType": "Patient"}, {}, 400, "value"),
        ("POST", "/fhir/Patient", {}, {}, 404, "not-supported"),
        ("GET", "/fhir/Observation", b"", {}, 405, "not-supported"),
        ("GET", "/fhir", b"", {}, 405, "not-supported"),
        ("POST", "/fhir", {"resourceType": "Bundle", "type": "history"}, {}, 422, "value"),
        ("PUT", "/fhir/Observation/2", observation(id="1"), {}, 400, "value"),
        (
            "POST",
            "/fhir/Observation",
            b"<Observation/>",
            {"Content-Type": "application/fhir+xml"},
            415,
            "not-supported",
        ),
    ],
)
def test_a_request_that_is_none_is_answered_with_an_outcome(method, path, body, headers, status, code):
    answers, given = asked("fhir", (method, path, body, headers), max_message_bytes=2_000)

    ((seen, said),) = answers
    assert (seen, said["resourceType"], [one["code"] for one in said["issue"]]) == (status, "OperationOutcome", [code])
    assert [one.topic for one in given] == (["w.rejections"] if body == b"{broken" else [])


WHOLE = json.dumps(observation()).encode()


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf" + WHOLE, WHOLE.decode().encode("utf-16"), WHOLE + b"\n" + WHOLE])
def test_nothing_is_taken_of_what_is_answered_as_no_json(body):
    answers, given = asked("fhir", ("POST", "/fhir/Observation", body, {}))

    assert answers[0][0] == 400
    assert [one.topic for one in given] == ["w.rejections"]


def test_a_body_of_many_packed_parts_is_read_whole():
    packed = gzip.compress(json.dumps({"patient_id": "p-1", **READING}).encode())
    body = 20_000 * gzip.compress(b"") + packed
    answers, given = asked("http", ("POST", "/readings", body, {"Content-Encoding": "gzip"}))

    assert (answers[0][0], len(given)) == (200, 1)


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic s3cret"}])
def test_who_has_no_token_is_told_to_log_in(tmp_path, authorization):
    (tmp_path / "tokens").write_text("cloud s3cret\n")
    answers, given = asked(
        "fhir", ("POST", "/fhir/Observation", observation(), authorization), tokens=tmp_path / "tokens"
    )

    assert (answers[0][0], answers[0][1]["issue"][0]["code"], given) == (401, "login", [])


def test_a_native_reading_that_names_only_its_device_is_its_wearers(tmp_path):
    worn = tmp_path / "devices.toml"
    worn.write_text('[[device]]\nid = "w-1"\npatient = "p-1"\nuntil = "2026-11-29T21:00:00+00:00"\n')
    later = {**READING, "taken_at": "2026-11-29T21:00:01Z"}
    bad = {**READING, "taken_at": "soon"}
    said = [("POST", "/readings", one, {}) for one in (READING, later, bad, {**READING, "patient_id": "p-2"})]
    answers, given = asked("http", *said, devices=worn)

    assert [one["verdict"] for _, one in answers] == ["taken", "refused", "refused", "taken"]
    assert "bad_time" in {finding["code"] for finding in answers[2][1]["findings"]}
    readings = [json.loads(one.value)["patient_id"] for one in given if one.topic.endswith(Topic.READINGS.value)]
    assert readings == ["p-1", "p-2"]
