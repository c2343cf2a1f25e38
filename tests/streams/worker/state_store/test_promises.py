"""Every promise about what survives what names a test that exists."""

import ast
import re

import pytest

from deploy.make.environment import ROOT

README = ROOT / "streams/worker/state_store/README.md"
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", README.read_text())


def test_the_table_names_many():
    assert len(NAMED) >= 15


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part.rsplit("/")[-1] if part else "whole")
def test_a_named_test_exists(file, name):
    path = ROOT / file

    assert path.is_file()
    tests = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    assert any(one.startswith("test_") for one in tests)
    assert not name or name in tests
