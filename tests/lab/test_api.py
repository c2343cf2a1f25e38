"""The lab from Python: frames in, frames out, and the notebook that shows it runs."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streams.lab import api
from streams.lab.explain.explain import NothingToExplain
from streams.recordings.tables import NotARecording
from tests.streams.lab.made import folder as made

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    return made(tmp_path_factory.mktemp("api") / "ward", patients=12)


@pytest.fixture(scope="module")
def frames(ward):
    return pq.read_table(ward / "vitals.parquet"), pq.read_table(ward / "labels.parquet")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_come_back_in_the_library_that_was_given_with_the_figures_of_the_command(library, ward, frames):
    if library == "pandas":
        vitals, labels = (one.to_pandas() for one in frames)
    elif library == "polars":
        import polars

        vitals, labels = (polars.from_arrow(one) for one in frames)
    else:
        vitals, labels = frames
    judged = api.evaluate(vitals, labels, replicates=20, workers=1)
    table = pa.table(judged.figures())
    rows = {(one["score"], one["figure"], one["patients"]): one for one in table.to_pylist()}

    assert type(judged.figures()).__module__.partition(".")[0] == library
    assert table.column_names == list(api.COLUMNS)
    one = rows["news2_ge5", "sensitivity", "all"]
    assert (one["value"], one["low"], one["high"]) == tuple(
        judged.told["news2_ge5"][f"sensitivity{end}"] for end in ("", "_low", "_high")
    )
    assert all((one["value"] is None) == (one["reason"] is not None) for one in rows.values())
    assert judged.told == api.evaluate(ward, replicates=20, workers=1).told | {
        name: judged.told[name] for name in ("folder", "causes")
    }


def test_alerts_and_scores_are_on_the_clock_of_the_table(frames):
    vitals, labels = frames
    later = vitals.set_column(1, "time_s", pa.array([at + 7_200 for at in vitals["time_s"].to_pylist()]))
    judged = api.evaluate(later, labels, replicates=20, workers=1)
    scores, alerts = judged.scores(), judged.alerts()

    assert min(scores["time_s"].to_pylist()) == 7_200
    assert set(scores["patient_id"].to_pylist()) == {f"p{number}" for number in range(12)}
    assert alerts.num_rows and min(alerts["time_s"].to_pylist()) >= 7_200
    first = next(one for one in alerts.to_pylist() if one["calls"])
    why = api.explain(later, first["patient_id"], (first["time_s"] - 7_200) / 3_600)
    assert first["alert_id"] in [one["alert_id"] for one in why["decision"]["said"]]


def test_a_moment_long_after_a_reading_is_explained_but_none_after_the_last(frames):
    vitals = frames[0]
    hours = [
        at / 3_600 for patient, at in zip(*vitals.select([0, 1]).to_pydict().values(), strict=True) if patient == "p0"
    ]

    assert api.explain(vitals, "p0", min(hours) + 0.75)["decision"]
    with pytest.raises(NothingToExplain, match="after_the_recording"):
        api.explain(vitals, "p0", max(hours) + 0.75)


def test_refusals_come_with_their_code(frames):
    with pytest.raises(NotARecording) as refused:
        api.evaluate(frames[0], frames[1], event="icu")
    assert refused.value.code == "no_such_label"
    with pytest.raises(ValueError, match="of an event"):
        api.evaluate(frames[0], horizon_h=3)


def test_importing_it_imports_nothing_heavy():
    """Under a second is a matter of what is imported, not of a clock."""
    heavy = ("numpy", "pyarrow", "river", "pydantic")
    code = f"import sys, streams.lab.api; print([one for one in {heavy} if one in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


PLAIN = """
import sys
from streams.lab import api
from streams.lab.evaluation import batches
print("begun", flush=True)
batches.LARGE_VALUES = 0  # the second process starts for this small ward too
judged = api.evaluate(sys.argv[1], replicates=1, workers=2)
print(len(set(judged.scores()["patient_id"].to_pylist())), flush=True)
"""


def test_a_plain_script_without_a_guard_runs_once_though_a_second_process_judges(ward, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(PLAIN)
    command = [sys.executable, script, ward]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=240,
                         env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip

    assert (ran.returncode, ran.stdout.splitlines(), ran.stderr) == (0, ["begun", "12"], "")


@pytest.mark.parametrize("package", ["schemas", "detectors", "streams"])
def test_the_packages_say_that_they_are_typed(package):
    assert Path(find_spec(package).origin).with_name("py.typed").is_file()


def test_the_example_notebook_runs():
    import nbclient
    import nbformat

    book = nbformat.read(ROOT / "docs" / "examples" / "lab.ipynb", as_version=4)
    nbclient.NotebookClient(book, timeout=240, resources={"metadata": {"path": str(ROOT)}}).execute()

    assert all(cell.outputs for cell in book.cells if cell.cell_type == "code" and not cell.source.startswith("import"))
