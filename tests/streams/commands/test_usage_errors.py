"""Mistakes on the command line are told at once: in words, and before anything is imported that only work needs.

How many seconds each takes is told by `python -m tests.bench.usage_errors`.
"""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from streams.commands import app
from tests.bench.usage_errors import HERE, MISTAKES, made_for_mistakes

ONLY_FOR_WORK = {
    "pandas", "pyarrow.dataset", "river", "scipy", "faust", "aiokafka", "confluent_kafka", "detectors.vigil",
    "streams.log.partition", "streams.lab.evaluation.stream", "streams.lab.learning.learn",
}  # fmt: skip
ALL_AT_ONCE = """
import sys
from streams.commands import app
for line in sys.stdin:
    try:
        app(line.rstrip("\\n").split("\\t"), prog_name="vigilward")
    except SystemExit:
        pass
    print(line.rstrip("\\n"), *sorted(set(sys.argv[1:]) & set(sys.modules)), sep="\\t")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mistakes")
    made_for_mistakes(path, patients=2, hours=1)
    return path


def written(mistake, folder):
    return [word.replace(HERE, str(folder)) for word in mistake.words]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: " ".join(one.words).replace(HERE, "."))
def test_a_mistake_is_told_with_its_remedy(mistake, folder):
    ended = CliRunner().invoke(app, written(mistake, folder), terminal_width=200)

    assert ended.exit_code == mistake.exit_code, ended.stderr
    assert mistake.says in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_mistake_is_told_before_what_only_work_needs_is_imported(folder):
    every = "".join("\t".join(written(mistake, folder)) + "\n" for mistake in MISTAKES)
    ended = subprocess.run(
        [sys.executable, "-c", ALL_AT_ONCE, *ONLY_FOR_WORK], input=every, capture_output=True, text=True, check=True
    )

    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    late = [line for line, mistake in zip(lines, MISTAKES, strict=True) if line != written(mistake, folder)]
    assert late == []
