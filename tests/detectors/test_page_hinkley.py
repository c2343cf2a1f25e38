"""One file of river is taken without its package: it must be that file, and nothing heavy may come with it."""

import inspect
import subprocess
import sys

from detectors.page_hinkley import PageHinkley

HEAVY = ("river.drift", "sklearn", "scipy.stats", "pandas")


def test_it_is_rivers_own_test():
    from river.drift import PageHinkley as Rivers

    assert inspect.getsource(PageHinkley) == inspect.getsource(Rivers)
    assert PageHinkley.__module__ == Rivers.__module__


def test_a_worker_starts_without_libraries_that_it_does_not_use():
    told = f"import sys, streams.worker.worker; print([name for name in {HEAVY} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
