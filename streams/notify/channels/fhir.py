"""FHIR R4: each revision as one transaction of a score, a standing state, a forecast and a message, to a FHIR server.

Observation: NEWS2's total; Flag: whether the alert stands; RiskAssessment: what a learned forecast goes by, where one
asks; Communication: the message itself. Every resource has an id of its own making and is put there, so that a retry
changes nothing (http://hl7.org/fhir/R4/http.html#transaction). A transaction that is taken says that the server has it;
that somebody has read it is never concluded.
"""

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from schemas.alert import Kind, Priority
from schemas.reading import Mode
from streams.notify.channels import Answer
from streams.notify.channels.webhook import HttpReceiver
from streams.notify.notice import Details, Notice, Phase, short
from streams.notify.routes import Recipient

MIME: Final = "application/fhir+json"
SNOMED: Final = "http://snomed.info/sct"
TERMS: Final = "http://terminology.hl7.org/CodeSystem"
NEWS2_TOTAL: Final = {"system": SNOMED, "code": "1104051000000101", "display": "NEWS2 total score"}
"""Of the UK's edition of SNOMED CT (UK Core's early-warning-score Observations)."""
TEST_DATA: Final = {"system": f"{TERMS}/v3-ActReason", "code": "HTEST", "display": "test health data"}
"""The security label of whatever is of no real patient (http://hl7.org/fhir/R4/security-labels.html#HTEST)."""
CONFLICTS: Final = frozenset({409, 412})
PASSING: Final = frozenset({"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"})
"""Issue types that another try may not meet (http://hl7.org/fhir/R4/valueset-issue-type.html)."""
CODES: Final = PASSING | {
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
    "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
    "code-invalid", "extension", "too-costly", "business-rule", "conflict",
}  # fmt: skip
TOLD: Final = 3
UCUM: Final = "http://unitsofmeasure.org"
PRIORITIES: Final = {Priority.HIGH: "stat", Priority.MEDIUM: "urgent", Priority.LOW: "routine"}


def bundle(notice: Notice, recipient: Recipient) -> dict[str, Any]:
    """The transaction of a notice. The patient is named by bed; by the id only where the recipient's table says so."""
    details = notice.details or Details(notice.at)
    resources = [_flag(notice, recipient, details), _communication(notice, recipient)]
    if details.score_min is not None:
        resources.append(_observation(notice, recipient, details))
    if details.forecast and notice.phase is not Phase.END:
        resources.append(_risk(notice, recipient, details))
    label = {} if notice.mode is Mode.REAL else {"meta": {"security": [TEST_DATA]}}
    entries = [
        {"fullUrl": f"{recipient.url}/{place}", "resource": one | label, "request": {"method": "PUT", "url": place}}
        for one in resources
        for place in [f"{one['resourceType']}/{one['id']}"]
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _subject(notice: Notice, recipient: Recipient) -> dict[str, Any]:
    where = " ".join(part for part in (f"Bed {notice.bed}" if notice.bed else "", notice.ward or "") if part)
    named = {"type": "Patient", "display": where or "no bed known"}
    return named | ({"identifier": {"value": notice.patient_id}} if recipient.patient_id else {})


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _flag(notice: Notice, recipient: Recipient, details: Details) -> dict[str, Any]:
    over = notice.phase is Phase.END
    category = "clinical" if notice.kind is Kind.PHYSIOLOGICAL else "admin"
    return {
        "resourceType": "Flag",
        "id": short(notice.alert_id),
        "identifier": [{"system": "urn:vigilward:alert", "value": notice.alert_id}],
        "status": "inactive" if over else "active",
        "category": [{"coding": [{"system": f"{TERMS}/flag-category", "code": category}]}],
        "code": {"text": notice.text},
        "subject": _subject(notice, recipient),
        "period": {"start": _time(details.started_at)} | ({"end": _time(notice.at)} if over else {}),
    }


def _communication(notice: Notice, recipient: Recipient) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "id": short(notice.id),
        "identifier": [{"system": "urn:vigilward:notice", "value": notice.id}],
        "status": "in-progress",  # sent; a receipt of a person would complete it
        "category": [{"coding": [{"system": f"{TERMS}/communication-category", "code": "alert"}]}],
        "priority": PRIORITIES[notice.priority],
        "subject": _subject(notice, recipient),
        "about": [{"reference": f"Flag/{short(notice.alert_id)}"}],
        "sent": _time(notice.at),
        "sender": {"display": "Vigilward"},
        "payload": [{"contentString": notice.text}],
    }


def _observation(notice: Notice, recipient: Recipient, details: Details) -> dict[str, Any]:
    score, most = details.score_min, details.score_max
    unit: dict[str, Any] = {"unit": "{score}", "system": UCUM, "code": "{score}"}
    partial = f"at least {score}, at most {most}: not everything was measured"
    return {
        "resourceType": "Observation",
        "id": short(f"{notice.alert_id}:{notice.revision}"),
        "status": "final" if details.complete else "preliminary",
        "category": [{"coding": [{"system": f"{TERMS}/observation-category", "code": "survey"}]}],
        "code": {"coding": [NEWS2_TOTAL], "text": f"NEWS2, SpO2 scale {details.scale}"},
        "subject": _subject(notice, recipient),
        "effectiveDateTime": _time(notice.at),
        "valueQuantity": {"value": score} | ({} if details.complete else {"comparator": ">="}) | unit,
    } | ({} if details.complete else {"note": [{"text": partial}]})


def _risk(notice: Notice, recipient: Recipient, details: Details) -> dict[str, Any]:
    return {
        "resourceType": "RiskAssessment",
        "id": short(f"{notice.alert_id}:{notice.revision}:risk"),
        "status": "preliminary",
        "method": {"text": "Vigilward's learned forecast; information, not a certified alarm"},
        "subject": _subject(notice, recipient),
        "occurrenceDateTime": _time(notice.at),
        "prediction": [{"outcome": {"text": "deterioration"}, "rationale": "; ".join(details.forecast)}],
    }


def refusal(answer: Answer, body: bytes) -> Answer:
    """What a server refused and for how long, by its status and the OperationOutcome that goes with it, if any.

    A conflict is of this moment and of this resource. Of an issue its code and its place are told: its diagnostics may
    name a patient.

    >>> refusal(Answer(ok=False, shut=True, answered=True, status=409, said="HTTP 409"), b"").shut
    False
    """
    try:
        outcome = json.loads(body)
    except (ValueError, RecursionError):
        outcome = None
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    found = [one for one in issues if isinstance(one, dict)] if isinstance(issues, list) else []
    codes = [one["code"] for one in found if one.get("code") in CODES]
    places = [place for one in found for place in _places(one)]
    said = " ".join([answer.said, *codes[:TOLD], *places[:TOLD]])
    if answer.status in CONFLICTS or any(one in PASSING for one in codes):
        return replace(answer, final=False, shut=False, said=said)
    return replace(answer, said=said)


def _places(issue: dict[str, Any]) -> list[str]:
    places = issue.get("expression")
    named = places if isinstance(places, list) else []
    return [one for one in named if isinstance(one, str) and re.fullmatch(r"[A-Za-z0-9.\[\]]{1,80}", one)]


class FhirServer(HttpReceiver):
    """Posts transactions to `url`, with a bearer token where the recipient has a `key_file`."""

    async def send(self, recipient: Recipient, notice: Notice) -> Answer:
        """2xx is sent; 400, 413 and 422 are final; everything else is tried again."""
        headers = {"Content-Type": MIME, "Accept": MIME, "Prefer": "return=minimal"}
        if recipient.key:
            headers["Authorization"] = f"Bearer {recipient.key.decode('ascii', 'replace')}"
        return await self.post(recipient, json.dumps(bundle(notice, recipient), ensure_ascii=False).encode(), headers)

    def judged(self, answer: Answer, body: bytes) -> Answer:
        """By its OperationOutcome."""
        return refusal(answer, body)
