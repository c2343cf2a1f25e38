"""Draws each dashboard from a real Prometheus: VIGILWARD_PICTURE=deploy/pictures pytest test_dashboards.py -k watching.

Grafana is not run. Titles, units, legends and layout are those of `panels.toml`; the numbers are Prometheus's.
"""

import math
import re
import tomllib
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from tests.integration.prometheus import Prometheus
from tests.integration.staging import ROOT

TABLE = ROOT / "deploy" / "grafana" / "panels.toml"
ACROSS = 3
SPAN_S, STEP_S = 80, 1
UNITS = {"s": "s", "short": "", "cps": "/s", "percentunit": "share", "bytes": "bytes", "ms": "ms"}
MOST_LINES = 8


def draw_all(prometheus: Prometheus, folder: Path) -> None:
    """One PNG a dashboard, `dashboard-UID.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    for board in tomllib.loads(TABLE.read_text())["dashboard"]:
        draw(prometheus, board, folder / f"dashboard-{board['uid']}.png")


def draw(prometheus: Prometheus, board: dict[str, Any], path: Path) -> None:
    """One dashboard."""
    panels = board["panel"]
    down = math.ceil(len(panels) / ACROSS)
    figure, axes = pyplot.subplots(down, ACROSS, figsize=(15, 3.1 * down), squeeze=False, layout="constrained")
    figure.suptitle(f"{board['title']}: {board['says']}", fontsize=13, x=0.01, ha="left")
    for ax, panel in zip(axes.flat, panels, strict=False):
        lines = [line for legend, query in panel["queries"].items() for line in answers(prometheus, legend, query)]
        ax.set_title(panel["title"], fontsize=10, loc="left", wrap=True)
        (draw_number if panel.get("big") else draw_lines)(ax, panel, lines)
    for ax in list(axes.flat)[len(panels) :]:
        ax.axis("off")
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


Line = tuple[str, list[float], list[float]]


def answers(prometheus: Prometheus, legend: str, query: str) -> list[Line]:
    """Legend, seconds before now, and values of each series that the query gives."""
    end = float(prometheus.ask("query", query="time()")["result"][1])
    words = {"query": query.replace("$__rate_interval", "20s"), "start": f"{end - SPAN_S}", "end": f"{end}"}
    found = prometheus.ask("query_range", **words, step=str(STEP_S))["result"]
    lines = []
    for one in found:
        name = re.sub(r"{{(\w+)}}", lambda label, labels=one["metric"]: labels.get(label[1], ""), legend)
        points = [(float(at) - end, float(value)) for at, value in one["values"] if value not in ("NaN", "+Inf")]
        lines.append((name, [at for at, _ in points], [value for _, value in points]))
    return lines


def draw_number(ax: Axes, panel: dict[str, Any], lines: list[Line]) -> None:
    """The newest value, to be read from across the room."""
    told = "  ".join(f"{values[-1]:.4g}" for _, _, values in lines if values) or "no answer"
    ax.text(0.5, 0.5, f"{told} {UNITS.get(panel['unit'], panel['unit'])}", ha="center", va="center", fontsize=30)
    ax.axis("off")


def draw_lines(ax: Axes, panel: dict[str, Any], lines: list[Line]) -> None:
    """Lines over the last minutes."""
    lines.sort(key=lambda line: -max(line[2], default=0.0))
    for name, at, values in lines[:MOST_LINES]:
        ax.plot(at, values, label=name, linewidth=1.3)
    if len(lines) > MOST_LINES:
        ax.plot([], [], " ", label=f"and {len(lines) - MOST_LINES} more, lower")
    ax.set_ylabel(UNITS.get(panel["unit"], panel["unit"]), fontsize=8)
    ax.set_xlim(-SPAN_S, 0)
    ax.set_ylim(bottom=0)
    ax.tick_params(labelsize=7)
    ax.grid(alpha=0.3)
    ax.legend(fontsize=6, loc="upper left", framealpha=0.6)
