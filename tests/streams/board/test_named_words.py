"""No word of one person goes out under another's name, and what cannot be done is not tried for ever."""

import json
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "streams/board/page"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    folder = tmp_path_factory.mktemp("outbox")
    entry, module = folder / "entry.js", folder / "outbox.mjs"
    exports = ("outbox", "store")
    entry.write_text("".join(f'export * from "{PAGE}/src/{one}.js";\n' for one in exports))
    esbuild = PAGE / "node_modules/.bin/esbuild"
    command = [esbuild, entry, "--bundle", "--format=esm", f"--outfile={module}", "--log-level=error"]
    subprocess.run(command, check=True, timeout=60)
    ran = subprocess.run(
        ["node", HERE / "named_words.mjs", module], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


ANOTHERS = "Another person had said it: say it again under your name."


@pytest.mark.parametrize(
    ("case", "posted", "state"),
    [
        ("handed over", ["nora handed-over"], "refused"),
        ("expired", [], "asking"),
        ("expired, then another", [], "refused"),
        ("expired, then she herself", ["nora back"], "applied"),
        ("cancelled", [], "gone"),
        ("asked", ["nils asked"], "applied"),
        ("old", [], "refused"),
        ("old, loaded anew", [], "refused"),
        ("never", ["nora never"], "refused"),
        ("later", ["nora later", "nora later"], "applied"),
    ],
)
def test_a_word_goes_out_under_the_name_of_whoever_said_it_or_not_at_all(found, case, posted, state):
    assert (found[case]["posted"], found[case]["state"]) == (posted, state)
    if state == "refused" and case != "never":
        assert found[case]["why"] == ANOTHERS
