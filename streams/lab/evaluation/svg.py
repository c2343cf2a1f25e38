"""Small pictures for the report: lines, points and bars with intervals, as SVG that needs nothing from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import floor, isfinite, log10
from typing import Final

Points = Sequence[tuple[float, float]]
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 14, 44
INK, SOFT, GRID = "#1d2733", "#5b6875", "#e3e8ed"
ROOM: Final = 60  # what a label needs to its right
NARROW: Final = 600
"""A picture up to this wide shrinks with the page; a wider one is scrolled, so that its words stay readable."""
FONT: Final = "font-family='system-ui, sans-serif' font-size='12'"


@dataclass(slots=True)
class Plot:
    """One picture: what is drawn lies between `x` and `y`, both from low to high.

    >>> plot = Plot(300, 200, (0, 1), (0, 1), "said", "happened")
    >>> plot.line([(0, 0), (1, 1)], "#000000")
    >>> plot.svg().startswith("<div class='plot narrow'><svg")
    True
    """

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    x_title: str = ""
    y_title: str = ""
    percent: bool = False
    x_ticks: Sequence[float] | None = None
    parts: list[str] = field(default_factory=list)
    legend: list[tuple[str, str, str]] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies on the picture."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        inner = self.height - TOP - BOTTOM
        return round(LEFT + across * (self.width - LEFT - RIGHT), 1), round(TOP + (1 - up) * inner, 1)

    def line(self, points: Points, colour: str, name: str = "", *, dash: str = "", wide: float = 2) -> None:
        """A line through the points, named in the legend."""
        known = [self.at(x, y) for x, y in points if isfinite(x) and isfinite(y)]
        if len(known) > 1:
            path = " ".join(f"{x},{y}" for x, y in known)
            style = f"stroke='{colour}' stroke-width='{wide}' stroke-dasharray='{dash}'"
            self.parts.append(f"<polyline fill='none' {style} points='{path}'/>")
        if name:
            self.legend.append((name, colour, dash or "line"))

    def dot(self, x: float, y: float, colour: str, *, label: str = "", place: str = "start", lower: int = 0) -> None:
        """A point, with its name beside it, or under it and lower than the point by so much."""
        across, up = self.at(x, y)
        self.parts.append(f"<circle cx='{across}' cy='{up}' r='5' fill='{colour}' stroke='white' stroke-width='1.5'/>")
        if label:
            shift, anchor = {"start": (9, "start"), "end": (-9, "end")}.get(place, (0, "middle"))
            where = f"x='{across + shift}' y='{up + 4 + lower}' text-anchor='{anchor}'"
            halo = "paint-order='stroke' stroke='white' stroke-width='3'"
            self.parts.append(f"<text {where} {FONT} fill='{INK}' {halo}>{escape(label)}</text>")

    def span(self, x: float, low: float, high: float, colour: str) -> None:
        """An upright interval."""
        (across, top), (_, bottom) = self.at(x, high), self.at(x, low)
        self.parts.append(f"<path d='M{across} {top}V{bottom}' stroke='{colour}' stroke-width='2.5' opacity='.55'/>")

    def upright(self, x: float, colour: str, label: str = "", *, lower: int = 0) -> None:
        """A line from bottom to top at a moment; its label `lower` than the top by so much."""
        across, bottom = self.at(x, self.y[0])
        self.parts.append(f"<path d='M{across} {TOP}V{bottom}' stroke='{colour}' stroke-width='1.5'/>")
        if label:
            shift, anchor = (4, "start") if across < self.width - ROOM else (-4, "end")
            beside = f"x='{across + shift}' text-anchor='{anchor}'"
            self.parts.append(f"<text {beside} y='{TOP + 11 + lower}' {FONT} fill='{colour}'>{escape(label)}</text>")

    def words(self, x: float, y: float, text: str, *, colour: str = INK) -> None:
        """Words at a place."""
        across, up = self.at(x, y)
        self.parts.append(
            f"<text x='{across}' y='{up}' text-anchor='middle' {FONT} fill='{colour}'>{escape(text)}</text>"
        )

    def svg(self) -> str:
        """The whole picture."""
        size = f"width='{self.width}' height='{self.height}'"
        kind = "broad" if self.width > NARROW else "narrow"
        drawn = "".join([*self._axes(), *self.parts])
        picture = f"<svg viewBox='0 0 {self.width} {self.height}' {size} role='img'>{drawn}</svg>"
        return f"<div class='plot {kind}'>{picture}</div>{self._key()}"

    def _axes(self) -> list[str]:
        drawn = []
        (left, bottom), (right, _) = self.at(self.x[0], self.y[0]), self.at(self.x[1], self.y[0])
        for value in ticks(*self.y, most=6):
            _, up = self.at(self.x[0], value)
            drawn.append(f"<path d='M{left} {up}H{right}' stroke='{GRID}'/>")
            said = f"{value:.0%}" if self.percent else f"{value:g}"
            drawn.append(f"<text x='{left - 7}' y='{up + 4}' text-anchor='end' {FONT} fill='{SOFT}'>{said}</text>")
        for value in ticks(*self.x, most=9) if self.x_ticks is None else self.x_ticks:
            across, _ = self.at(value, self.y[0])
            where = f"x='{across}' y='{bottom + 17}' text-anchor='middle'"
            drawn.append(f"<text {where} {FONT} fill='{SOFT}'>{value:g}</text>")
        drawn.append(f"<path d='M{left} {bottom}H{right}' stroke='{SOFT}'/>")
        middle = (left + right) / 2
        drawn.append(
            f"<text x='{middle}' y='{self.height - 8}' text-anchor='middle' {FONT} fill='{INK}'>"
            f"{escape(self.x_title)}</text>"
        )
        half = (self.height - BOTTOM + TOP) / 2
        drawn.append(
            f"<text transform='translate(13 {half}) rotate(-90)' text-anchor='middle' {FONT} fill='{INK}'>"
            f"{escape(self.y_title)}</text>"
        )
        return drawn

    def _key(self) -> str:
        if not self.legend:
            return ""
        marks = {"dot": "border-radius:50%;width:10px;height:10px", "line": "height:3px;width:18px"}
        items = []
        for name, colour, kind in self.legend:
            look = marks.get(kind)
            style = f"background:{colour};{look}" if look else f"border-top:3px dashed {colour};width:18px;height:0"
            items.append(f"<span><i style='{style}'></i>{escape(name)}</span>")
        return f"<div class='key'>{''.join(items)}</div>"


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two bounds, at most so many.

    >>> ticks(0, 1, 6)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if high <= low:
        return [low]
    rough = (high - low) / max(1, most - 1)
    size = 10 ** floor(log10(rough))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= rough * 0.999)
    first = floor(low / step + 0.999)
    return [round(place * step, 10) for place in range(first, floor(high / step + 1e-9) + 1)]
