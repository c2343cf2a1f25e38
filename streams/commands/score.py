"""`vigilward score`: observations in, one a line; NEWS2 (in pregnancy the maternal criteria) out, one a line."""

import json
import sys
from typing import Annotated, Any

import typer


def score(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE|-", help="One JSON object a line; - reads standard input.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line; the default where there is no terminal.")
    ] = False,
) -> None:
    """Score spot checks by NEWS2, one line each; what is not known makes an interval, never a zero.

    NEWS2 is not valid in pregnancy: a line with "maternity": "pregnant" is judged by the maternal early warning
    criteria instead (also diastolic_bp, urine_ml_per_h, agitated, pre_eclampsia_with_headache_or_dyspnoea), and has no
    score.

    Each answer has the number of its line, and its `patient_id` and `time` where the line has them. A line that cannot
    be trusted is answered in its place with a code, the field and a remedy. Exit 1 where every line was refused.

    Example: echo '{"resp_rate": 22, "spo2": 93, "supplemental_oxygen": false}' | vigilward score - --json
    """
    as_json = as_json or not sys.stdout.isatty()
    lines = scored = 0
    for number, line in enumerate(file, start=1):
        if line.strip():
            answer, is_score = _answer(line, number, as_json)
            print(answer, flush=True)
            lines += 1
            scored += is_score
    if lines and not scored:
        raise typer.Exit(1)


def _answer(line: bytes, number: int, as_json: bool) -> tuple[str, bool]:
    """What is said of a line, and whether it has a score."""
    from streams.inspection import spot_checks

    about = spot_checks.passed(line)
    try:
        result = spot_checks.score(line)
    except spot_checks.Refused as refused:
        if as_json:
            return json.dumps({**spot_checks.refusal(refused, number), **about}), False
        return f"{_place(number, about)}refused            {refused.field or 'line'}: {refused.remedy}", False
    if as_json:
        return json.dumps({"line": number, **about, **spot_checks.answer(result)}), True
    return f"{_place(number, about)}{spot_checks.in_words(result)}", True


def _place(number: int, about: dict[str, Any]) -> str:
    """The line's number, whose it is and of when; a stranger's words are made harmless on a terminal."""
    whose = "  ".join(ascii(str(value)[:40])[1:-1] for value in about.values())
    return f"{number:>4}  {whose}  " if whose else f"{number:>4}  "
