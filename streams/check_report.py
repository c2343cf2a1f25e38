"""What `vigilward check` found, as a page for people and as JUnit for a build."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from streams.inspection.remarks import Level

SHOWN: Final = 10_000  # remarks; a file with more has the same few faults
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;"
    "padding:.35rem .6rem;border-bottom:1px solid #ddd}th{border-bottom:2px solid #888}"
    "code{background:#f2f2f2;padding:0 .25rem}"
    ".finding{color:#a40000;font-weight:600}.note{color:#555}.n{text-align:right;font-variant-numeric:tabular-nums}"
)


def written(
    remarks: Sequence[Any], summary: str, source: str, count: int, report: Path | None, junit_file: Path | None
) -> None:
    """Writes what was asked for. `count`: of messages, or of a table's signals."""
    if report is not None:
        report.write_text(page(remarks, summary, source), "utf-8")
    if junit_file is not None:
        junit_file.write_text(junit(remarks, count), "utf-8")


def page(remarks: Sequence[Any], summary: str, source: str) -> str:
    """One HTML page: the sum, each kind of fault with its number and remedy, then every place."""
    kinds: Counter[tuple[str, str, str]] = Counter((str(one.level), str(one.code), one.remedy) for one in remarks)
    verdict = "Findings: to be mended before going live" if _wrong(remarks) else "Nothing to mend"
    return "".join(
        (
            "<!doctype html><html lang=en><meta charset=utf-8><title>vigilward check</title>",
            f"<style>{_STYLE}</style><h1>{verdict}</h1><p>{escape(source)}: {escape(summary)}</p>",
            "<h2>Kinds</h2><table><tr><th>level<th>code<th class=n>number<th>what to do",
            *(
                f"<tr><td class={level}>{level}<td><code>{escape(code)}</code><td class=n>{number:,}"
                f"<td>{escape(remedy)}"
                for (level, code, remedy), number in sorted(kinds.items(), key=lambda item: (item[0][0], -item[1]))
            ),
            "</table><h2>Places</h2><table><tr><th class=n>message<th>level<th>code<th>place<th>seen",
            *(
                f"<tr><td class=n>{one.line or ''}<td class={one.level}>{one.level}"
                f"<td><code>{escape(str(one.code))}</code><td>{escape(one.field or '')}<td>{escape(one.what)}"
                for one in sorted(remarks, key=lambda one: (one.level is not Level.FINDING, one.line))[:SHOWN]
            ),
            "</table></html>\n",
        )
    )


def junit(remarks: Iterable[Any], messages: int) -> str:
    """One test case a message (of a table, a signal or column) that has a finding, and one for all the others."""
    by_message: dict[tuple[int, str], list[Any]] = {}
    for one in remarks:
        if one.level is Level.FINDING:
            by_message.setdefault((one.line, "" if one.line else one.field), []).append(one)
    clean = max(0, messages - len(by_message))
    count = len(by_message) + (clean > 0)
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name="vigilward check" tests="{count}" failures="{len(by_message)}">',
    ]
    if clean:
        rows.append(f'<testcase classname="vigilward.check" name="{clean} without a finding"/>')
    for (line, field), said in sorted(by_message.items())[:SHOWN]:
        name = quoteattr(_xml(field or f"message {line}"))
        rows.append(f'<testcase classname="vigilward.check" name={name}>')
        first = said[0]
        words = quoteattr(_xml(f"{first.field or 'message'}: {first.remedy}"))
        rows.append(f"<failure type={quoteattr(str(first.code))} message={words}>{escape(_xml(first.what))}</failure>")
        more = "\n".join(f"{one.code} {one.field or ''} {one.what}" for one in said)
        rows.append(f"<system-out>{escape(_xml(more))}</system-out></testcase>")
    return "\n".join((*rows, "</testsuite>\n"))


def _wrong(remarks: Iterable[Any]) -> bool:
    return any(one.level is Level.FINDING for one in remarks)


def _xml(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter in "\t\n\r" or letter >= " ")
