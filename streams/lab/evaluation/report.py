"""The figures of a folder as one page that needs nothing from elsewhere: tables, curves, and single patients."""

from collections.abc import Iterator
from html import escape
from typing import Any, Final

import numpy as np

from streams.lab.evaluation import data_quality
from streams.lab.evaluation.causes import judged
from streams.lab.evaluation.evaluate import Evaluation
from streams.lab.evaluation.figures_table import COLUMNS, KEYS, cell, crossed_words, event_words, titles
from streams.lab.evaluation.svg import Plot
from streams.lab.evaluation.timelines import misses, picture, useless

COLOURS: Final = {
    "news2": "#1f5fa8",
    "news2_ge5": "#1f5fa8",
    "news2_ge7": "#1f5fa8",
    "red_score": "#64748b",
    "qsofa": "#64748b",
    "sirs": "#64748b",
    "shock_index": "#94a3b8",
    "clock": "#a16207",
    "last_value": "#0f766e",
    "random": "#9ca3af",
    "risk": "#b3261e",
    "policy": "#7c3aed",
    "armed": "#111827",
}
CURVES: Final = ("news2", "risk", "last_value", "clock", "random")
MARKS: Final = ("news2_ge5", "news2_ge7", "red_score", "qsofa", "sirs", "policy", "armed")
LEADING: Final = ("news2_ge5", "policy", "armed", "risk", "random")
LEAST_RATE: Final = 1.4  # how far the axis of alerts goes at least
NOTABLE_SHARE: Final = 0.05
GROUPED: Final = ("news2", "last_value", "risk")
STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;color:#1d2733;max-width:1200px;margin:24px auto;padding:0 20px}
h1{font-size:26px;margin:0 0 4px}
h2{font-size:19px;margin:36px 0 8px;border-bottom:1px solid #d5dce3;padding-bottom:4px}
h3{font-size:15px;margin:14px 0 4px}h4{font-size:14px;margin:18px 0 2px}
p.note{color:#5b6875;margin:4px 0 10px;max-width:900px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid #e3e8ed;white-space:nowrap}
th:first-child,td:first-child{text-align:left}td small{color:#5b6875}thead th{border-bottom:2px solid #94a3b8}
.wide{overflow-x:auto}.pair{display:flex;flex-wrap:wrap;gap:16px}
.key{font-size:13px;margin:2px 0 8px 58px}.pair .key{max-width:510px}
.key span{display:inline-block;margin-right:16px;white-space:nowrap}
.key i{display:inline-block;margin-right:6px;vertical-align:middle}
.box{background:#f4f7fa;border-left:4px solid #1f5fa8;padding:10px 14px;margin:12px 0}
.box ul{margin:0;padding-left:18px}.warn{border-color:#b45309;background:#fff7ed}article{border-top:1px solid #e3e8ed}
details{margin:10px 0;font-size:13px}summary{cursor:pointer;color:#1f5fa8}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:6px 0}dt{font-weight:600}dd{margin:0}
.plot{max-width:100%}.plot.broad{overflow-x:auto}.plot.narrow svg{max-width:100%;height:auto}
details.data ul{margin:4px 0;padding-left:18px}code{overflow-wrap:anywhere;font-size:12px}
p.said{margin:0 0 0 58px;font-size:13px;color:#5b6875}article ul{margin:2px 0 8px 40px;font-size:13px}
@media(max-width:700px){body{margin:12px auto;padding:0 12px}h1{font-size:21px}h1,h2,h4{overflow-wrap:anywhere}
dl{grid-template-columns:1fr}dd{margin:0 0 8px}
.key,article .said{margin-left:0}article ul{margin-left:0;padding-left:18px}
.plot.narrow text{font-size:17px}th,td{padding:4px 6px}
.wide th:first-child,.wide td:first-child{position:sticky;left:0;background:#fff;box-shadow:6px 0 6px -6px #94a3b8}
.wide,.broad{background:linear-gradient(90deg,#fff0,#fff 60%) 100% 0/40px 100% local no-repeat,
linear-gradient(270deg,#94a3b8,#94a3b800) 100% 0/12px 100% no-repeat}}
"""


def page(evaluation: Evaluation) -> str:
    """The whole report as HTML."""
    told = evaluation.told
    title = f"Detection quality on {told['folder']}"
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        + "".join(_sections(evaluation))
        + "</body></html>\n"
    )


def _sections(evaluation: Evaluation) -> Iterator[str]:
    whole, shown = evaluation.told, evaluation.unseen or evaluation
    yield _head(evaluation)
    yield _data(whole["data"])
    told = shown.told
    within, short, lead = told["horizon"].values()
    yield f"<h2>Figures{_of_whom(evaluation)}</h2>"
    yield _note(
        "Each with its 95 % interval by bootstrap of whole patients. Detected: an alert that interrupts was raised "
        f"within {within:g} h ({short:g} h) before the onset and at least {lead:g} h before it. Scores without limits "
        "of their own alert as often as NEWS2 of 5 or more. A dash: it cannot be told here; the JSON says why."
    )
    yield _table(told)
    if evaluation.unseen is not None:
        yield (
            "<details><summary>The same table of all patients: in sample, the learned scores look better than they "
            f"are</summary>{_table(whole)}</details>"
        )
    if any(told[key].get("curve") and told[key]["curve"][0]["sensitivity"] is not None for key in CURVES):
        yield "<h2>How many are detected, for how many alerts</h2>"
        yield _note("Lines: a score at every threshold. Points: by protocol, and as shipped.")
        yield f"<div class='pair'>{_burden_curve(told, 'sensitivity', f'{within:g} h')}"
        yield f"{_burden_curve(told, 'sensitivity_12h', f'{short:g} h')}</div>"
        yield "<h2>How early</h2>"
        yield _note("Share of patients with the event for whom someone had been called by so many hours before it.")
        yield _lead_curve(shown)
    if told["news2"].get("auroc_row_by_hours"):
        yield "<h2>The clock, and how likely it was said to be</h2>"
        yield _note(
            "AUROC by row within strata of hours since the first value: what is left when the clock cannot help. "
            "Reliability: how often it happened where it was said to be so likely."
        )
        yield f"<div class='pair'>{_strata(told)}{_reliability(told)}</div>"
    if told["event"]:
        yield "<h2>Is anyone served worse?</h2>"
        yield _note(
            "By age, sex (where the labels tell it) and how much was measured. Below each group: how many of its "
            "patients had the event. Lines are 95 % intervals, cut off where the picture ends."
        )
        yield _groups(told)
    yield "<h2>As felt on a ward, all patients</h2>"
    yield _burdens(whole)
    if whole["raw_crossings"] is not None:
        yield "<h2>Raw limits, and what became of them</h2>"
        yield _raw(whole)
    yield from _stories(shown)


def _of_whom(evaluation: Evaluation) -> str:
    if evaluation.unseen is None:
        return ", in sample" if evaluation.told["in_sample"].get("patients") else ""
    return f" of the {evaluation.unseen.told['patients']} patients from whom no weights were learned"


def _data(told: dict[str, Any]) -> str:
    """What the values are worth; open where something was refused or does not join."""
    first, *rest = data_quality.lines(told)
    share = told["refused_share"] or 0.0
    open_ = " open" if share > NOTABLE_SHARE or "onsets" in " ".join(rest) else ""
    return (
        f"<details class='data'{open_}><summary>{escape(first)}</summary>"
        f"<ul>{''.join(f'<li>{escape(one.strip())}</li>' for one in rest)}</ul></details>"
    )


def _head(evaluation: Evaluation) -> str:
    told, apart = evaluation.told, (evaluation.unseen or evaluation).told
    rules = told["rules"]
    lines = [
        f"{told['patients']} patients, {told['patient_days']:,.1f} patient-days, source {told['source']}; "
        f"{event_words(told)}.",
        f"Rules {rules['name']} {rules['version']}, SHA-256 {rules['sha256'][:16]}…",
    ]
    if told["cross_fitted"]:
        lines.append(crossed_words(told))
    said = []
    for name, found in apart["headline"].items():
        if found and found["detected_more"] is not None:
            said.append(
                f"<b>{escape(_who(apart, name))}</b> against NEWS2 at "
                f"{found['interruptive_per_patient_day']:.2f} alerts a patient-day: "
                f"{_points(found, 'detected_more')} detected, warned "
                f"{cell(found, 'warned_earlier_h', 1, sign=True)} h earlier"
            )
    overlap = told["in_sample"]
    warn = ""
    if overlap.get("patients") and evaluation.unseen is None:
        warn = (
            "<div class='box warn'>In sample: the learned weights come from every one of these patients. Their figures "
            "are too good, and nothing here tells how they do on others.</div>"
        )
    elif overlap.get("patients"):
        warn = (
            f"<div class='box warn'>The learned weights come from {overlap['patients']} of these patients "
            f"({overlap['share']:.0%}), on whom they look better than they are. The headline, the table and the curves "
            f"are of the {apart['patients']} others ({apart['patients_with_event'] or 0} with the event); what is of "
            "all patients says so.</div>"
        )
    boxed = f"<div class='box'><ul>{''.join(f'<li>{one}</li>' for one in said)}</ul></div>" if said else ""
    plain = "<br>".join(map(escape, lines))
    caution = "Recorded in intensive care unless the folder says otherwise: nothing is claimed for wards."
    return f"<p>{plain}<br>{caution}</p>{boxed}{warn}"


def _who(told: dict[str, Any], name: str) -> str:
    """Whose line of the headline it is, in words."""
    key, often, _ = name.partition("_as_often_as_")
    words = str(told[key]["name"]).partition(" (")[0]
    return f"{words[:1].upper()}{words[1:]}{', as often as NEWS2 of 5 or more' if often else ''}"


def _points(found: dict[str, Any], name: str) -> str:
    low, high = found[f"{name}_low"], found[f"{name}_high"]
    bounds = "" if low is None else f" [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * found[name]:+.1f}{bounds} percentage points more"


def _note(text: str) -> str:
    return f"<p class='note'>{escape(text)}</p>"


def _table(told: dict[str, Any]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles(told).values())
    rows, meant = [], []
    for key in KEYS:
        if key in told:
            cells = "".join(f"<td>{_small(cell(told[key], name))}</td>" for name, _ in COLUMNS)
            name, at = told[key]["name"], told[key]["operating_point"]
            told_already = not at or at in name or at.endswith(" of 1 or more")  # yes or no
            meant.append(f"<dt>{escape(key)}</dt><dd>{escape(name if told_already else f'{name}; {at}')}</dd>")
            rows.append(f"<tr><td>{escape(key)}</td>{cells}</tr>")
    return (
        f"<div class='wide'><table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        f"<details><summary>What each name stands for, and when it alerts</summary><dl>{''.join(meant)}</dl></details>"
    )


def _small(text: str) -> str:
    value, bracket, bounds = text.partition(" [")
    return f"{value} <small>[{bounds}</small>" if bracket else value


def _burden_curve(told: dict[str, Any], name: str, within: str) -> str:
    rates = [told[key].get("interruptive_per_patient_day") for key in MARKS]
    most = max([LEAST_RATE, *(rate * 1.08 for rate in rates if rate is not None)])
    plot = Plot(
        570,
        380,
        (0, most),
        (0, 1),
        "interrupting alerts a patient-day",
        f"detected within {within} before",
        percent=True,
    )
    for key in CURVES:
        points = [(one["interruptive_per_patient_day"], one[name]) for one in told[key].get("curve") or ()]
        points = [(x, y) for x, y in points if y is not None and x <= most]
        if points:
            plot.line(sorted(points), COLOURS[key], key, dash="" if key in ("news2", "risk") else "5 4")
    _marks(plot, told, name)
    return f"<div>{plot.svg()}</div>"


def _marks(plot: Plot, told: dict[str, Any], name: str) -> None:
    """The points by protocol and as shipped, numbered: they lie too close together for names."""
    for number, key in enumerate(MARKS, 1):
        rate, value = told[key].get("interruptive_per_patient_day"), told[key].get(name)
        if rate is not None and value is not None:
            plot.dot(rate, value, COLOURS[key], label=str(number), place="under", lower=14 if value > 0.5 else -13)
            plot.legend.append((f"{number} {key}", COLOURS[key], "dot"))


def _lead_curve(evaluation: Evaluation) -> str:
    compared = evaluation.compared
    timed = compared.outcomes.timed & compared.kept
    plot = Plot(1160, 320, (-24, -1), (0, 1), "hours before the onset", "called by then", percent=True)
    plot.x_ticks = [*range(-24, 0, 2), -1]
    for key in LEADING:
        alerting = compared.all[key].alerting
        if alerting is None or not timed.any():
            continue
        lead = np.where(alerting.detected, alerting.lead_h, -np.inf)[timed]
        points = [(-hours, float(np.mean(lead >= hours))) for hours in np.arange(24, 0.5, -0.5)]
        plot.line(points, COLOURS[key], key, dash="5 4" if key in ("random", "armed") else "")
    return plot.svg()


def _strata(told: dict[str, Any]) -> str:
    names = [one["hours"] for one in told["news2"]["auroc_row_by_hours"]]
    plot = Plot(570, 320, (0.5, len(names) + 0.5), (0.3, 1), "hours since admission", "AUROC by row", x_ticks=[])
    for place, name in enumerate(names, 1):
        plot.words(place, 0.27, name)
    shown = [key for key in ("news2", "last_value", "risk", "clock") if told[key].get("auroc_row_by_hours")]
    for shift, key in enumerate(shown):
        plot.legend.append((key, COLOURS[key], "dot"))
        for place, one in enumerate(told[key]["auroc_row_by_hours"], 1):
            if one["auroc_row"] is not None:
                across = place + (shift - (len(shown) - 1) / 2) * 0.17
                if one["auroc_row_low"] is not None:
                    plot.span(across, max(0.3, one["auroc_row_low"]), one["auroc_row_high"], COLOURS[key])
                plot.dot(across, max(0.3, one["auroc_row"]), COLOURS[key])
    return f"<div>{plot.svg()}</div>"


def _reliability(told: dict[str, Any]) -> str:
    curves = {key: told[key]["reliability"] for key in ("risk", "last_value") if told[key].get("reliability")}
    if not curves:
        return _note("No score of this folder claims a probability.")
    most = max(max(one["said"], one["happened"]) for curve in curves.values() for one in curve) * 1.1 or 1.0
    plot = Plot(570, 320, (0, most), (0, most), "probability said", "share in which it happened")
    plot.line([(0, 0), (most, most)], "#94a3b8", "as said", dash="3 4", wide=1)
    for key, curve in curves.items():
        plot.line(
            [(one["said"], one["happened"]) for one in curve], COLOURS[key], f"{key} (Brier {told[key]['brier']:.3f})"
        )
        for one in curve:
            plot.dot(one["said"], one["happened"], COLOURS[key])
    return f"<div>{plot.svg()}</div>"


def _groups(told: dict[str, Any]) -> str:
    parts = [(division, part, found) for division, all_ in told["groups"].items() for part, found in all_.items()]
    drawn = []
    for figure, title, bounds in (
        ("auroc_row", "AUROC by row", (0.4, 1.0)),
        ("interruptive_per_patient_day", "alerts a patient-day (policy, armed)", None),
    ):
        keys = GROUPED if bounds else ("policy", "armed")
        values = [one[key][f"{figure}_high"] for _, _, one in parts for key in keys if key in one]
        high = bounds[1] if bounds else max((value or 0 for value in values), default=1.0) * 1.1 or 1.0
        low = bounds[0] if bounds else 0.0
        plot = Plot(1160, 250, (0.5, len(parts) + 0.5), (low, high), "", title, x_ticks=[])
        shown = [key for key in keys if any(key in one for _, _, one in parts)]
        for shift, key in enumerate(shown):
            plot.legend.append((key, COLOURS[key], "dot"))
            for place, (_, _, one) in enumerate(parts, 1):
                _mark(plot, place + (shift - (len(shown) - 1) / 2) * 0.2, one.get(key), figure, key, low)
        step = (high - low) / 192
        for place, (division, part, one) in enumerate(parts, 1):
            plot.words(place, low - 17 * step, f"{division} {part}" if division != "missingness" else part)
            plot.words(place, low - 33 * step, f"{one['patients_with_event']} of {one['patients']}", colour="#5b6875")
        drawn.append(f"<h3>{escape(title)}</h3>{plot.svg()}")
    return "".join(drawn)


def _mark(plot: Plot, across: float, found: dict[str, Any] | None, figure: str, key: str, least: float) -> None:
    if found is None or found.get(figure) is None:
        return
    low, high = found[f"{figure}_low"], found[f"{figure}_high"]
    if low is not None:
        plot.span(across, max(least, low), min(plot.y[1], max(least, high)), COLOURS[key])
    plot.dot(across, min(plot.y[1], max(least, found[figure])), COLOURS[key])


def _burdens(told: dict[str, Any]) -> str:
    rows = []
    for name, felt in told["burden"].items():
        if "calls_per_nurse_hour" not in felt:
            rows.append(f"<tr><td>{escape(_felt(name))}</td><td colspan=4>{escape(felt['reason'])}</td></tr>")
            continue
        cells = (
            f"{felt['calls_per_nurse_hour']:.2f}",
            f"{felt['calls_per_nurse_hour_p95']:g}",
            f"{felt['calls_per_nurse_hour_most']}",
            f"{felt['floods']}",
        )
        rows.append(f"<tr><td>{escape(_felt(name))}</td>{''.join(f'<td>{one}</td>' for one in cells)}</tr>")
    head = (
        "<th></th><th>calls a nurse-hour</th><th>95th percentile</th><th>most</th><th>floods (over 10 in 10 min)</th>"
    )
    note = _note(
        "All recorded patients one after the other in a ward of 24 beds, six patients a nurse. Every raise, return, "
        "worsening and step of an escalation is a call; each alert counts as seen after five minutes, as 'reviewing'."
    )
    return f"{note}<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def _felt(name: str) -> str:
    return name.replace("_", " ").replace("news2 ge5", "NEWS2 of 5 or more").replace("policy", "the learned rules")


def _raw(told: dict[str, Any]) -> str:
    raw = told["raw_crossings"]
    fewer = "" if raw["fewer"] is None else f", {cell(raw, 'fewer', 3)} fewer"
    alerts = "".join(
        f"<li>{escape(one['patient'])}, second {one['at_s']:g}: {escape(one['headline'])} "
        f"<small>({one['state']}, {one['priority']}{', calls' if one['interrupts'] else ', shown'})</small></li>"
        for one in told["protocol_alerts"] or ()
    )
    return (
        f"<p>Raw values crossed a red limit {raw['crossings']} times; {raw['learned_alerts']} learned alerts{fewer}. "
        f"Everything armed raised {raw['armed_alerts']}, of which {raw['armed_alerts_that_interrupt']} interrupted.</p>"
        f"<ul>{alerts}</ul>"
    )


def _stories(evaluation: Evaluation) -> Iterator[str]:
    compared, told = evaluation.compared, evaluation.told["causes"]
    if told is None:
        return
    alerting = compared.all[judged(compared)].alerting
    assert alerting is not None
    risk = compared.all["risk"].absent is None
    for title, stories, found in (
        (f"The worst misses of {told['of']}", misses(compared, alerting), told["misses"]),
        (f"The most useless alerts of {told['of']}", useless(compared, alerting), told["useless"]),
    ):
        pictures = [
            picture(compared, alerting, story, risk=risk) + _commands(one)
            for story, one in zip(stories, found, strict=True)
        ]
        if pictures:
            yield f"<h2>{escape(title)}</h2>{''.join(pictures)}"


def _commands(cause: dict[str, Any]) -> str:
    """How each is explained, to be copied."""
    commands = [one["explain"] for one in cause.get("calls", [cause]) if one["explain"]]
    return "".join(f"<p class='said'>Why: <code>{escape(one)}</code></p>" for one in commands)
