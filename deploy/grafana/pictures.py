"""Draws each dashboard from a Prometheus' own answers, without Grafana: what the README shows.

python deploy/grafana/pictures.py --prometheus http://127.0.0.1:9090 --minutes 10 --into deploy/pictures
"""

import argparse
import json
import math
import re
import sys
import time
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, date2num
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

TABLE = Path(__file__).parent / "panels.toml"
POINTS = 240
WINDOW = "20s"
COLOURS = ("#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a", "#8a6d3b", "#d44c47", "#2f3437")
GREY, DARK, PAPER = "#8f959b", "#22262a", "#ffffff"
MOST_LINES = 8
LEGEND_WIDTH = 84  # in letters
Series = list[tuple[str, list[float], list[float]]]


def shown(value: float, unit: str) -> str:
    """A number as a panel shows it.

    >>> shown(0.25, "percentunit"), shown(0.004, "s"), shown(95.0, "s"), shown(3_400_000, "bytes"), shown(0.5, "cps")
    ('25 %', '4 ms', '95 s', '3.4 MB', '0.5 /s')
    """
    if math.isnan(value):
        return "no data"
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return f"{1_000 * value:.3g} ms" if 0 < abs(value) < 1 else f"{value:.4g} s"
    if unit in ("bytes", "Bps"):
        for size, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if abs(value) >= size:
                return f"{value / size:.3g} {name}" + ("/s" if unit == "Bps" else "")
        return f"{value:.3g} B" + ("/s" if unit == "Bps" else "")
    return f"{value:.4g} /s" if unit == "cps" else f"{value:.4g}"


def named(legend: str, labels: Mapping[str, str]) -> str:
    """The legend's text of one series.

    >>> named("{{door}} {{verdict}}", {"door": "hl7v2", "verdict": "refused"})
    'hl7v2 refused'
    """
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), legend)


class Source:
    """A Prometheus, asked over the last minutes."""

    def __init__(self, url: str, minutes: float) -> None:
        self.url, self.until = url.rstrip("/"), time.time()
        self.since = self.until - 60 * minutes

    def series(self, queries: Mapping[str, str]) -> Series:
        """Each series of a panel: its name in the legend, moments, values (NaN left out)."""
        found: Series = []
        for legend, expression in queries.items():
            words = {
                "query": expression.replace("$__rate_interval", WINDOW),
                "start": f"{self.since:.3f}",
                "end": f"{self.until:.3f}",
                "step": f"{max(1.0, (self.until - self.since) / POINTS):.3f}",
            }
            address = f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(words)}"
            with urllib.request.urlopen(address, timeout=30) as answer:  # ours, or the operator's own
                result = json.load(answer)["data"]["result"]
            for one in result:
                points = [(at, float(value)) for at, value in one["values"] if not math.isnan(float(value))]
                if points:
                    moments, values = zip(*points, strict=True)
                    found.append((named(legend, one["metric"]), list(moments), list(values)))
        return sorted(found, key=lambda one: one[0])


def draw_number(axes: Axes, panel: Mapping[str, Any], series: Series) -> None:
    """The newest value of each series, big."""
    axes.set_axis_off()
    axes.text(0.0, 1.0, panel["title"], ha="left", va="top", fontsize=11, color=DARK, transform=axes.transAxes)
    if len(series) > 1:
        lines = [f"{shown(values[-1], panel['unit'])}  {name}" for name, _, values in series[:4]]
        axes.text(0.0, 0.66, "\n".join(lines), ha="left", va="top", fontsize=15, color=COLOURS[0], linespacing=1.5)
        return
    value = series[0][2][-1] if series else math.nan
    axes.text(0.0, 0.36, shown(value, panel["unit"]), ha="left", va="center", fontsize=32, color=COLOURS[0])


def with_gaps(moments: list[float], values: list[float]) -> tuple[list[datetime], list[float]]:
    """A line that ends where nothing was said, and does not go straight on to where something is said again."""
    step = min((after - before for before, after in pairwise(moments)), default=1.0)
    at, drawn = list(moments), list(values)
    for place in range(len(moments) - 1, 0, -1):
        if moments[place] - moments[place - 1] > 3 * step:
            at.insert(place, moments[place - 1] + step)
            drawn.insert(place, math.nan)
    return [datetime.fromtimestamp(one) for one in at], drawn


def columns(series: Series) -> int:
    """How many names of a legend stand beside each other."""
    longest = max((len(name) for name, *_ in series[:MOST_LINES]), default=1)
    return max(1, min(4, len(series), LEGEND_WIDTH // (longest + 6)))


def draw_lines(axes: Axes, panel: Mapping[str, Any], series: Series) -> None:
    """Lines over time, with unit and legend."""
    axes.set_title(panel["title"], loc="left", fontsize=11, color=DARK)
    if len(series) > MOST_LINES:  # of many lines those that are always 0 are left out first
        series = [one for one in series if any(one[2])] or series
    for number, (name, moments, values) in enumerate(series[:MOST_LINES]):
        at, drawn = with_gaps(moments, values)
        axes.plot(
            date2num(at), drawn, color=COLOURS[number % len(COLOURS)], linewidth=1.5, label=name or panel["title"]
        )
    if not series:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color=GREY, transform=axes.transAxes)
        return
    axes.set_ylim(bottom=0, top=1.08 * max(max(values) for *_, values in series) or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, panel["unit"])))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S"))
    axes.tick_params(labelsize=8, colors=GREY)
    axes.grid(axis="y", color="#e6e8ea", linewidth=0.7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    more = len(series) - MOST_LINES
    legend = axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=columns(series), fontsize=8, frameon=False,
        title=f"and {more} more" if more > 0 else None, title_fontsize=8,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_color(DARK)


def draw(board: Mapping[str, Any], source: Source, into: Path) -> list[str]:
    """One dashboard as one picture; the titles of panels without data."""
    numbers = [panel for panel in board["panel"] if panel.get("big")]
    lines = [panel for panel in board["panel"] if not panel.get("big")]
    rows = math.ceil(len(lines) / 2)
    figure = plt.figure(figsize=(13, 1.1 + 1.5 * bool(numbers) + 2.9 * rows), facecolor=PAPER)
    height = [*([1.1] if numbers else []), *[2.0] * rows]
    grid = figure.add_gridspec(
        len(height), 6, height_ratios=height, left=0.065, right=0.985, hspace=0.62, wspace=0.9,
        top=1 - 0.95 / figure.get_figheight(), bottom=0.62 / figure.get_figheight(),
    )  # fmt: skip
    inch = 1 / figure.get_figheight()
    figure.text(0.03, 1 - 0.32 * inch, board["title"], fontsize=17, color=DARK, va="center")
    figure.text(0.03, 1 - 0.62 * inch, board["says"], fontsize=10, color=GREY, va="center")
    empty: list[str] = []
    draws: list[tuple[Callable[[Axes, Mapping[str, Any], Series], None], Any, Mapping[str, Any]]] = []
    for number, panel in enumerate(numbers):
        draws.append((draw_number, grid[0, 2 * number : 2 * number + 2], panel))
    for number, panel in enumerate(lines):
        row, column = bool(numbers) + number // 2, 3 * (number % 2)
        draws.append((draw_lines, grid[row, column : column + 3], panel))
    for drawn, place, panel in draws:
        series = source.series(panel["queries"])
        drawn(figure.add_subplot(place), panel, series)
        empty += [] if series else [panel["title"]]
    path = into / f"dashboard-{board['uid']}.png"
    figure.savefig(path, dpi=90, facecolor=PAPER)
    plt.close(figure)
    Image.open(path).convert("RGB").quantize(64).save(path, optimize=True)
    return empty


def main() -> int:
    """Draw them all; 1 where a panel has nothing to show."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--prometheus", required=True, metavar="URL")
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--into", type=Path, required=True)
    asked = words.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    source, wrong = Source(asked.prometheus, asked.minutes), False
    for board in tomllib.loads(TABLE.read_text())["dashboard"]:
        empty = draw(board, source, asked.into)
        wrong |= bool(empty)
        print(f"dashboard-{board['uid']}.png", *(f"(nothing: {', '.join(empty)})" for _ in empty[:1]))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
