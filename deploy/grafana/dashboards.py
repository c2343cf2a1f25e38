"""Writes Grafana's dashboards from the table of panels.

python deploy/grafana/dashboards.py             # write deploy/grafana/dashboards/*.json
python deploy/grafana/dashboards.py --check     # exit 1 if a file is not what the table says
"""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

HERE = Path(__file__).parent
FOLDER, TABLE = HERE / "dashboards", HERE / "panels.toml"
SOURCE = DataSourceRef(type_val="prometheus", uid="vigilward-prometheus")
WIDE, NARROW, TALL, LOW = 12, 8, 8, 5


def panel_of(panel: dict[str, Any]) -> stat.Panel | timeseries.Panel:
    """One panel: a big number, or lines over time."""
    made: stat.Panel | timeseries.Panel
    if panel.get("big"):
        made = stat.Panel().span(NARROW).height(LOW)
    else:
        legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
        made = timeseries.Panel().span(WIDE).height(TALL).legend(legend.placement(LegendPlacement.BOTTOM))
    made.title(panel["title"]).description(panel["wrong"]).unit(panel["unit"]).datasource(SOURCE).min(0)
    for letter, (legend_text, expression) in zip("ABCDEFGH", panel["queries"].items(), strict=False):
        made.with_target(prometheus.Dataquery().expr(expression).legend_format(legend_text).ref_id(letter))
    return made


def written(board: dict[str, Any]) -> str:
    """A dashboard as Grafana reads it."""
    made = dashboard.Dashboard(board["title"]).uid(f"vigilward-{board['uid']}").description(board["says"])
    made.tags(["vigilward"]).refresh("10s").time("now-1h", "now").timezone("browser").readonly()
    for panel in board["panel"]:
        made.with_panel(panel_of(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def main() -> int:
    """Write, or compare."""
    checks = "--check" in sys.argv[1:]
    act: Callable[[Path, str], bool] = differs if checks else write
    boards = tomllib.loads(TABLE.read_text())["dashboard"]
    wrong = [act(FOLDER / f"{board['uid']}.json", written(board)) for board in boards]
    return int(any(wrong))


def differs(path: Path, text: str) -> bool:
    """Whether the file is not this text; says so."""
    wrong = not path.is_file() or path.read_text() != text
    if wrong:
        print(f"{path.name} is not what panels.toml says: run python deploy/grafana/dashboards.py", file=sys.stderr)
    return wrong


def write(path: Path, text: str) -> bool:
    """Writes the file. Never wrong."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return False


if __name__ == "__main__":
    sys.exit(main())
