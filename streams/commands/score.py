"""`vigilward score`: observations in, one a line; NEWS2 (in pregnancy the maternal criteria) out, one a line."""

import json
import sys
from typing import Annotated

import typer

from streams import spot_checks


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

    A line that cannot be trusted is answered in its place with a code, the field and a remedy.

    Example: echo '{"resp_rate": 22, "spo2": 93, "supplemental_oxygen": false}' | vigilward score - --json
    """
    as_json = as_json or not sys.stdout.isatty()
    for number, line in enumerate(file, start=1):
        if line.strip():
            print(_answer(line, number, as_json), flush=True)


def _answer(line: bytes, number: int, as_json: bool) -> str:
    try:
        result = spot_checks.score(line)
    except spot_checks.Refused as refused:
        if as_json:
            return json.dumps(spot_checks.refusal(refused, number))
        return f"{number:>4}  refused            {refused.field or 'line'}: {refused.remedy}"
    return json.dumps(spot_checks.answer(result)) if as_json else f"{number:>4}  {spot_checks.in_words(result)}"
