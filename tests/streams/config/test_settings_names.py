"""A name that means nothing is refused, with the nearest that does: mistyped, it left a ward in the wrong mode."""

import pytest

from streams.board.settings import BoardSettings, load_board
from streams.config.settings import Settings, load
from streams.config.settings_names import TABLES, settings_of, unknown, variable, variables
from streams.config.settings_problems import SettingsError


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    import os

    for name in [name for name in os.environ if name.startswith("VIGILWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("loads", [load, load_board])
@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("VIGILWARD_MOD", "VIGILWARD_MODE"),
        ("VIGILWARD_BOOTSTRAP_SERVER", "VIGILWARD_BOOTSTRAP_SERVERS"),
        ("VIGILWARD_BOARD_ACOUNTS", "VIGILWARD_BOARD_ACCOUNTS"),
        ("vigilward_modes", "VIGILWARD_MODE"),
    ],
)
def test_a_mistyped_variable_is_refused_with_the_nearest_right_name(monkeypatch, loads, name, near):
    monkeypatch.setenv(name, "s3cret")

    with pytest.raises(SettingsError) as refused:
        loads()
    assert f"{name}: there is no such setting; did you mean {near}?" in refused.value.lines
    assert "s3cret" not in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("loads", [load, load_board])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[baord]\nport = 1", "[baord]: there is no such table; did you mean board?"),
        ("[board]\nprot = 1", "[board] prot: there is no such setting; did you mean port?"),
        ('mod = "demo"', "mod: there is no such setting; did you mean mode?"),
    ],
)
def test_a_mistyped_name_of_the_file_is_refused_by_every_process(tmp_path, loads, text, says):
    (tmp_path / "vigilward.toml").write_text(text)

    with pytest.raises(SettingsError) as refused:
        loads()
    assert says in refused.value.lines


def test_a_setting_that_is_gone_says_what_to_do():
    assert list(unknown({"VIGILWARD_TICK_AFTER_S": "2"}, {})) == [
        "VIGILWARD_TICK_AFTER_S: is no setting any more: every partition has a tick each second; take it out"
    ]


def test_every_right_name_is_taken():
    assert list(unknown(dict.fromkeys(variables(), "1"), {})) == []
    assert list(unknown({"PATH": "/bin", "VIGIL": "1"}, {"mode": "demo", "board": {"port": 1}})) == []


def test_every_class_of_settings_stands_in_the_table():
    """Its own prefix and the table's name are one."""
    found = {table: one for table in TABLES if (one := settings_of(table)) is not None}

    assert {Settings, BoardSettings} <= set(found.values())
    assert all(
        one.model_config["env_prefix"] == variable(table, "") + ("_" if table else "") for table, one in found.items()
    )
