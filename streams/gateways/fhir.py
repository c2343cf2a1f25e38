"""The FHIR gateway: R4 and R4B Observations by REST, one by one or in Bundles; 201 once Kafka has them.

`POST Observation` (with `If-None-Exist`), `PUT Observation/id`, `POST` of a batch or a transaction,
`Observation/$validate` and `metadata`. Everything that was not taken is an issue of an OperationOutcome that names its
element. A transaction is taken whole or not at all; of a batch each entry has its own answer.
"""

import hashlib
import time
from collections import OrderedDict
from typing import Any, Final

import msgspec
from aiohttp import web

from streams.formats.converter import Converter
from streams.formats.findings import Converted, Level, Outcome, Sign
from streams.formats.format import Format
from streams.formats.plain import items, mapping_of, text_of
from streams.gateways.fhir_answers import capability, entry_answers, outcome, problem
from streams.gateways.gateway import Gateway
from streams.gateways.server import NOT_UNPACKED, BodyTooLarge, NotUnpacked, body_of, who_may
from streams.gateways.store import NotStored

PORT: Final = 8090
FHIR_JSON: Final = "application/fhir+json"
REMEMBERED: Final = 100_000
LATER: Final = {"Retry-After": "5"}


class FhirDoor:
    """The routes under /fhir."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: OrderedDict[str, str] = OrderedDict()

    def add_to(self, app: web.Application) -> None:
        """Every interaction of the CapabilityStatement."""
        app.add_routes(
            [
                web.get("/fhir/metadata", self._metadata),
                web.post("/fhir/Observation", self._create),
                web.put("/fhir/Observation/{id}", self._update),
                web.post("/fhir/Observation/$validate", self._validate),
                web.post("/fhir", self._bundle),
                web.post("/fhir/", self._bundle),
                web.route("*", "/fhir{rest:(/.*)?}", self._other),
            ]
        )

    async def _metadata(self, _: web.Request) -> web.Response:
        return _answer(200, capability())

    async def _other(self, request: web.Request) -> web.Response:
        words = (
            "POST Observation, PUT Observation/ID or POST a Bundle to /fhir: nothing else is taken, nothing read back"
        )
        return _fault(405 if request.method == "GET" else 404, "not-supported", words)

    async def _create(self, request: web.Request) -> web.Response:
        resource, refused = await self._read(request, "Observation")
        if refused is not None:
            return refused
        resource.pop("id", None)  # a server names what is created; two senders' "1" are not one Observation
        wanted = request.headers.get("If-None-Exist", "").strip()
        if wanted and (known := self._known.get(wanted)):
            return _answer(200, outcome([]), {"Location": f"/fhir/Observation/{known}/_history/1"})
        name = _name_of(resource)
        answer = await self._store(request, resource)
        if answer.status == 201:
            answer.headers["Location"] = f"/fhir/Observation/{name}/_history/1"
            for one in (wanted, *_identifiers(resource)):
                if one:
                    self._remember(one, name)
        return answer

    async def _update(self, request: web.Request) -> web.Response:
        resource, refused = await self._read(request, "Observation")
        if refused is not None:
            return refused
        if resource.get("id") != request.match_info["id"]:
            return _fault(400, "value", "the id of the URL and of the resource differ", "Observation.id")
        return await self._store(request, resource)

    async def _store(self, request: web.Request, resource: dict[str, Any]) -> web.Response:
        began, site = time.perf_counter(), self._gateway.site_of(who_may(self._gateway, request) or "")
        one = self._gateway.converter.convert_resource(resource, site)
        taken = await self._gateway.offer([one], msgspec.json.encode(resource), Format.FHIR, site, began)
        try:
            await taken.stored
        except NotStored:
            return _fault(503, "transient", "not stored: send it again", headers=LATER)
        status = {Outcome.REFUSED: 422, Outcome.IGNORED: 200}.get(one.outcome, 201)
        return _answer(status, outcome(one.findings))

    async def _validate(self, request: web.Request) -> web.Response:
        resource, refused = await self._read(request, "")
        if refused is not None:
            return refused
        if resource.get("resourceType") == "Parameters":
            held = (mapping_of(one).get("resource") for one in items(resource.get("parameter")))
            resource = next((one for one in held if isinstance(one, dict)), {})
        return _answer(200, outcome(self._tried(resource).findings))

    def _tried(self, resource: Any) -> Converted:
        """As it would be converted; nothing is remembered."""
        converter = self._gateway.converter
        scratch = Converter(converter.site, converter.identity, converter.mappings)
        return scratch.convert_resource(resource, self._gateway.site_of())

    async def _bundle(self, request: web.Request) -> web.Response:
        bundle, refused = await self._read(request, "Bundle")
        if refused is not None:
            return refused
        kind = text_of(bundle.get("type"))
        if kind not in ("batch", "transaction"):
            return _fault(422, "value", "send a batch or a transaction", "Bundle.type")
        entries = [mapping_of(one) for one in items(bundle.get("entry"))]
        known = {at: self._known_by(one) for at, one in enumerate(entries)}
        for at, entry in enumerate(entries):
            _prepare(entry, known[at])
        if kind == "transaction":
            tried = self._tried(bundle)
            if any(finding.level is Level.FINDING for finding in tried.findings):
                tried.readings.clear()
                await self._offer(request, tried, bundle)
                return _answer(422, outcome(tried.findings))
        one = self._gateway.converter.convert_resource(
            bundle, self._gateway.site_of(who_may(self._gateway, request) or "")
        )
        if not await self._offer(request, one, bundle):
            return _fault(503, "transient", "not stored: send it again", headers=LATER)
        for entry in entries:
            for identifier in _identifiers(mapping_of(entry.get("resource"))):
                self._remember(identifier, _name_of(mapping_of(entry.get("resource"))))
        answers = entry_answers(entries, known, one)
        return _answer(200, {"resourceType": "Bundle", "type": f"{kind}-response", "entry": answers})

    async def _offer(self, request: web.Request, one: Converted, resource: Any) -> bool:
        site = self._gateway.site_of(who_may(self._gateway, request) or "")
        taken = await self._gateway.offer([one], msgspec.json.encode(resource), Format.FHIR, site, time.perf_counter())
        try:
            await taken.stored
        except NotStored:
            return False
        return True

    def _known_by(self, entry: dict[str, Any]) -> str | None:
        return self._known.get(text_of(mapping_of(entry.get("request")).get("ifNoneExist")))

    def _remember(self, identifier: str, name: str) -> None:
        self._known[identifier] = name
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _read(self, request: web.Request, kind: str) -> tuple[dict[str, Any], web.Response | None]:
        """The resource in a request, or the answer that refuses it."""
        if who_may(self._gateway, request) is None:
            return {}, _fault(401, "login", "send a bearer token", headers={"WWW-Authenticate": "Bearer"})
        if "xml" in request.content_type:
            return {}, _fault(415, "not-supported", f"send {FHIR_JSON}; XML goes through `vigilward convert`")
        try:
            body = await body_of(request, self._gateway.own.max_message_bytes)
        except NotUnpacked:
            return {}, _fault(400, "structure", NOT_UNPACKED)
        except BodyTooLarge:
            return {}, _fault(413, "too-long", f"send {self._gateway.own.max_message_bytes:,} bytes at most")
        try:
            resource = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            return {}, await self._not_json(request, body, f"not JSON: {str(error)[:80]}")
        if not isinstance(resource, dict) or (kind and resource.get("resourceType") != kind):
            return {}, _fault(400, "value", f"send a resource of type {kind or 'Observation'}", "resourceType")
        return resource, None

    async def _not_json(self, request: web.Request, body: bytes, words: str) -> web.Response:
        """Refuses what cannot be read once its shape is kept, as other doors keep it; nothing of it is taken."""
        refused = Converted(1, Format.FHIR.value)
        refused.say(Sign.MALFORMED, "", words)
        site = self._gateway.site_of(who_may(self._gateway, request) or "")
        taken = await self._gateway.offer([refused], body, Format.FHIR, site, time.perf_counter())
        try:
            await taken.stored
        except NotStored:
            return _fault(503, "transient", "not stored: send it again", headers=LATER)
        return _fault(400, "structure", words)


def _prepare(entry: dict[str, Any], known: str | None) -> None:
    """An entry that is created has no id of its own yet; one that is known already is not taken again."""
    method = text_of(mapping_of(entry.get("request")).get("method")) or "POST"
    if known is not None:
        entry["resource"] = None
    elif method == "POST" and isinstance(entry.get("resource"), dict):
        resource = entry["resource"]
        if resource.get("resourceType") == "Observation":
            resource.pop("id", None)


def _identifiers(resource: dict[str, Any]) -> list[str]:
    """Its identifiers as a conditional create would ask for them."""
    said = (mapping_of(one) for one in items(resource.get("identifier")))
    return [f"identifier={text_of(one.get('system'))}|{one['value']}" for one in said if text_of(one.get("value"))]


def _name_of(resource: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(resource, order="sorted")).hexdigest()[:32]


def _answer(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type=FHIR_JSON, headers=headers)


def _fault(status: int, code: str, words: str, place: str = "", headers: dict[str, str] | None = None) -> web.Response:
    return _answer(status, problem(code, words, place), headers)
