"""python -m tests.fuzz.run FORMAT RUNS: as many inputs as asked for; coverage-guided where atheris is installed."""

import argparse
import resource
import sys
import time
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

GUIDED = find_spec("atheris") is not None and "--plain" not in sys.argv
if GUIDED:
    import atheris

# What is instrumented has to be read for the first time here.
with atheris.instrument_imports(include=["streams.formats"]) if GUIDED else nullcontext():
    from streams.formats.format import Format
    from tests.fuzz.mutate import SEEDS, bent
    from tests.fuzz.target import hold


def plain(form: Format, runs: int) -> int:
    """Prints what was tried; 1 at the first input that breaks a converter's word."""
    began, slowest, readings = time.process_time(), 0.0, 0
    for number, data in enumerate(bent(form, runs, seed=2)):
        before = time.process_time()
        try:
            readings += hold(data, form)
        except Exception as error:
            print(f"{form}: input {number}: {error!r}\n{data!r}")
            return 1
        slowest = max(slowest, time.process_time() - before)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{form}: {runs:,} bent inputs, {readings:,} readings, 0 uncaught, slowest {slowest * 1000:.0f} ms, "
          f"{memory} MB at most, {time.process_time() - began:.0f} s")  # fmt: skip
    return 0


def guided(form: Format, runs: int) -> int:
    """By coverage: libFuzzer chooses what to bend next, and ends the process itself."""
    corpus = Path(".cache") / "fuzz" / form.value
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[form]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-atheris_runs={runs}", "-max_len=8192", "-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"]
    atheris.Setup(["fuzz", *options, str(corpus)], lambda data: hold(data, form))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("format", type=Format, choices=list(Format))
    words.add_argument("runs", type=int)
    words.add_argument("--plain", action="store_true", help="not guided by coverage, even where atheris is installed")
    asked = words.parse_args()
    sys.exit((guided if GUIDED else plain)(asked.format, asked.runs))
