"""The reference of settings is made from the code, and what is in force is told without a secret."""

from pathlib import Path

import pytest

from streams.config.settings_names import TABLES, settings_of
from streams.config.settings_told import in_force, reference

PAGE = Path(__file__).parents[3] / "docs/settings.md"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    import os

    for name in [name for name in os.environ if name.startswith("VIGILWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("table", TABLES)
def test_every_setting_is_described(table):
    fields = settings_of(table).model_fields

    assert [name for name, field in fields.items() if not field.description] == []


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text() == reference(), "vigilward settings --reference > docs/settings.md"


def test_what_is_in_force_says_where_from_and_hides_secrets(monkeypatch, tmp_path):
    (tmp_path / "vigilward.toml").write_text('group = "night"\n[board]\nport = 9000\n')
    monkeypatch.setenv("VIGILWARD_MODE", "demo")
    monkeypatch.setenv("VIGILWARD_SASL_PASSWORD", "s3cret")

    told = {one.variable: one[1:3] for table in ("", "board") for one in in_force(table)}

    assert told["VIGILWARD_MODE"] == ("demo", "VIGILWARD_MODE")
    assert told["VIGILWARD_GROUP"] == ("night", "file: group")
    assert told["VIGILWARD_BOARD_PORT"] == ("9000", "file: [board] port")
    assert told["VIGILWARD_PARTITIONS"] == ("8", "default")
    assert told["VIGILWARD_SASL_PASSWORD"] == ("(secret)", "VIGILWARD_SASL_PASSWORD")


def test_a_key_under_its_old_name_is_told_by_that_name(monkeypatch):
    monkeypatch.setenv("VIGILWARD_LOG_KEY", "id:s3cret-of-more-than-16-bytes")

    assert {one.variable: one.source for one in in_force("")}["VIGILWARD_CONTROL_RECORD_KEY"] == "VIGILWARD_LOG_KEY"
