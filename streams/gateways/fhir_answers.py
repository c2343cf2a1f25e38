"""What the FHIR gateway answers: OperationOutcomes, a Bundle's entries, and what it can do."""

import re
from typing import Any, Final

from schemas.reasons import Refusal
from streams.formats.findings import Converted, Finding, Level, Sign

# http://hl7.org/fhir/R4/valueset-issue-type.html
_ISSUES: Final = {
    Sign.MALFORMED: "structure",
    Sign.NOT_RECOGNISED: "structure",
    Sign.WRONG_TYPE: "value",
    Sign.NO_VALUE: "required",
    Sign.NO_TIME: "required",
    Sign.NO_PATIENT: "required",
    Sign.MISSING_UNIT: "required",
    Sign.UNKNOWN_UNIT: "code-invalid",
    Sign.CODE_MISMATCH: "code-invalid",
    Sign.UNMAPPED: "code-invalid",
    Sign.NOT_WATCHED: "informational",
    Sign.NOT_A_RESULT: "not-supported",
    Sign.STATUS: "business-rule",
}
_ENTRY: Final = re.compile(r"Bundle\.entry\[(\d+)\]")


def outcome(findings: list[Finding]) -> dict[str, Any]:
    """An OperationOutcome with an issue a finding; "all is well" where there is none.

    >>> outcome([Finding(Sign.NO_TIME, "Observation")])["issue"][0]["expression"]
    ['Observation']
    """
    issues = [_issue(one) for one in findings]
    well = {"severity": "information", "code": "informational", "diagnostics": "All was taken."}
    return {"resourceType": "OperationOutcome", "issue": issues or [well]}


def problem(code: str, words: str, place: str = "") -> dict[str, Any]:
    """An OperationOutcome of what stood in the way of a whole request: a code of issue-type, and what to do.

    >>> problem("login", "send a bearer token")["issue"][0]["code"]
    'login'
    """
    issue: dict[str, Any] = {"severity": "error", "code": code, "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [{**issue, "expression": [place]} if place else issue]}


def _issue(one: Finding) -> dict[str, Any]:
    code = "value" if isinstance(one.code, Refusal) else _ISSUES.get(one.code, "processing")
    said: dict[str, Any] = {
        "severity": "error" if one.level is Level.FINDING else "information",
        "code": code,
        "details": {"coding": [{"system": "urn:vigilward:finding", "code": str(one.code)}]},
        "diagnostics": f"{one.what}. {one.remedy}" if one.what else one.remedy,
    }
    if one.place:
        said["expression"] = [one.place]
    return said


def entry_answers(entries: list[dict[str, Any]], known: dict[int, str | None], one: Converted) -> list[dict[str, Any]]:
    """The response of each entry of a batch or a transaction, by the findings that name it."""
    findings: dict[int, list[Finding]] = {}
    for finding in one.findings:
        if found := _ENTRY.match(finding.place):
            findings.setdefault(int(found[1]), []).append(finding)
    answers: list[dict[str, Any]] = []
    for at in range(len(entries)):
        told = findings.get(at, [])
        wrong = [finding for finding in told if finding.level is Level.FINDING]
        if known.get(at):
            response: dict[str, Any] = {"status": "200 OK", "location": f"Observation/{known[at]}/_history/1"}
        else:
            response = {"status": "422 Unprocessable Entity" if wrong else "201 Created"}
        if told:
            response["outcome"] = outcome(told)
        answers.append({"response": response})
    return answers


def capability() -> dict[str, Any]:
    """The CapabilityStatement."""
    resource = {
        "type": "Observation",
        "interaction": [{"code": "create"}, {"code": "update"}],
        "conditionalCreate": True,
        "versioning": "no-version",
        "updateCreate": True,
        "operation": [{"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-29",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "software": {"name": "Vigilward gateway"},
        "implementation": {"description": "Vital signs in; nothing can be read back."},
        "rest": [
            {
                "mode": "server",
                "resource": [resource],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }
