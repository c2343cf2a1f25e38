"""`vigilward record`, as it is called."""

from typer.testing import CliRunner

from streams.commands import app


def test_with_the_broker_away_nothing_is_left_behind_and_the_next_try_is_the_same(tmp_path):
    """An empty file used to refuse the next try, and to be replayed as a log of no records."""
    for _ in range(2):
        ran = CliRunner().invoke(
            app, ["record", str(tmp_path / "night.log")], env={"VIGILWARD_BOOTSTRAP_SERVERS": "localhost:9"}
        )
        assert ran.exit_code == 3
        assert "cannot be had" in ran.stderr or "no Kafka answers" in ran.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_the_broker_is_asked(tmp_path):
    ran = CliRunner().invoke(app, ["record", str(tmp_path / "nowhere" / "night.log")])

    assert (ran.exit_code, "there is no folder" in ran.stderr) == (2, True)
