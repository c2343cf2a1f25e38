"""fhir.resources (R4B) as a judge of what the FHIR gateway takes and answers: python fhir_judge.py PORT FOLDER.

Each case and each answer is written into the folder, for other judges.
"""

import json
import pathlib
import sys
import urllib.error
import urllib.request

GOOD = {
    "resourceType": "Observation", "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": "Patient/p-1"}, "effectiveDateTime": "2026-11-29T21:00:00Z",
    "valueQuantity": {"value": 82, "system": "http://unitsofmeasure.org", "code": "/min"},
}  # fmt: skip
CASES = {
    "good": {},
    "no status": {"status": None},
    "no code": {"code": None},
    "value as text": {"valueQuantity": {**GOOD["valueQuantity"], "value": "eighty"}},
    "no such day": {"effectiveDateTime": "2026-02-30T10:00:00Z"},
    "no zone": {"effectiveDateTime": "2026-11-29T21:00:00"},
    "two values": {"valueString": "82"},
    "two times": {"effectivePeriod": {"start": "2026-11-29T21:00:00Z"}},
    "a unit without code": {"valueQuantity": {"value": 82, "unit": "bpm"}},
    "a unit of another vital": {"valueQuantity": {**GOOD["valueQuantity"], "code": "mm[Hg]"}},
    "another comparator": {"valueQuantity": {**GOOD["valueQuantity"], "comparator": ">"}},
    "a value and why it is absent": {"dataAbsentReason": {"text": "none"}},
    "a component that is a text": {"component": ["82"]},
    "modified": {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
    "of another focus": {"focus": [{"reference": "Patient/p-2"}]},
    "no subject": {"subject": None},
    "a date alone": {"effectiveDateTime": "2026-11-29"},
    "entered in error": {"status": "entered-in-error"},
    "status of no list": {"status": "sort of final"},
}


def asked(path, body=None):
    """Status and body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/fhir{path}", data)
    request.add_header("Content-Type", "application/fhir+json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def judged(resource):
    """Whether it is valid R4B to fhir.resources."""
    from fhir.resources.R4B import get_fhir_model_class  # in the Python that runs this, not in the suite's

    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError:
        return "refused"
    return "valid"


def kept(name, resource):
    """Writes a resource for the other judges."""
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(resource))


def main():
    _, statement = asked("/metadata")
    kept("answer metadata", statement)
    print(statement["resourceType"], judged(statement))
    for name, changes in CASES.items():
        one = {key: part for key, part in {**GOOD, **changes}.items() if part is not None}
        status, answer = asked("/Observation", one)
        kept(name, one)
        kept(f"answer {name}", answer)
        print(f"{name}: to the judge {judged(one)}, to us {status}, {answer['resourceType']} {judged(answer)}")
    entries = [{"resource": GOOD, "request": {"method": "POST", "url": "Observation"}}] * 2
    status, answer = asked("", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    kept("answer batch", answer)
    print(f"batch {status}, {answer['type']} {judged(answer)}")


if __name__ == "__main__":
    main()
