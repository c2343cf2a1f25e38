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
        (
            "[vigilwrad]\nmode = 'demo'",
            "[vigilwrad]: there is no such table; what stands in it belongs at the top of the file, in no table",
        ),
        ("[elsewhere]\nport = 1", "[elsewhere]: there is no such table; there are: board, "),
        ("[board]\nprot = 1", "[board] prot: there is no such setting; did you mean port?"),
        ('mod = "demo"', "mod: there is no such setting; did you mean mode?"),
    ],
)
def test_a_mistyped_name_of_the_file_is_refused_by_every_process(tmp_path, loads, text, says):
    (tmp_path / "vigilward.toml").write_text(text)

    with pytest.raises(SettingsError) as refused:
        loads()
    assert any(line.startswith(says) for line in refused.value.lines)


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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("MAX_WAITING_BYTES", "PRODUCER_BUFFER_BYTES"),
        ("STOP_WITHIN_S", "SHUTDOWN_TIMEOUT_S"),
        ("LONGEST_OUTAGE_H", "MAX_OUTAGE_H"),
    ],
)
def test_a_renamed_setting_is_refused_with_its_name_of_today(monkeypatch, old, new):
    monkeypatch.setenv(f"VIGILWARD_{old}", "8")

    with pytest.raises(SettingsError) as refused:
        load()

    assert refused.value.lines == (f"VIGILWARD_{old}: is no setting any more: it is called {new} now",)
    assert new.lower() in Settings.model_fields


def test_the_key_of_control_records_is_still_read_under_its_old_name(monkeypatch, caplog):
    """Refused at once, it would stop every worker of a ward at its update."""
    monkeypatch.setenv("VIGILWARD_LOG_KEY", "id:s3cret-of-more-than-16-bytes")

    found = load()

    assert found.control_record_key.get_secret_value() == "id:s3cret-of-more-than-16-bytes"
    assert "VIGILWARD_LOG_KEY is called VIGILWARD_CONTROL_RECORD_KEY now" in caplog.text
    assert "s3cret-of" not in caplog.text


def test_the_old_name_in_the_file_is_read_too_and_todays_name_wins(monkeypatch, tmp_path, caplog):
    (tmp_path / "vigilward.toml").write_text('log_key = "of:the-file-and-long-enough"')
    assert load().control_record_key.get_secret_value() == "of:the-file-and-long-enough"
    caplog.clear()
    monkeypatch.setenv("VIGILWARD_CONTROL_RECORD_KEY", "of:today-and-long-enough")
    monkeypatch.setenv("VIGILWARD_LOG_KEY", "of:before-and-long-enough")

    assert load().control_record_key.get_secret_value() == "of:today-and-long-enough"
    assert caplog.text == ""
