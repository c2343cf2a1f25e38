"""`vigilward doctor --fix` where a broker's own list of topics follows what was made a little later."""

import pytest
from typer.testing import CliRunner

from streams.commands import app
from streams.config.settings import Settings
from streams.config.topics import TOPICS, config_of, partitions_of
from streams.installation.facts import Installation, TopicFacts
from streams.installation.findings import EXACT_PACKAGES


def installation(without=()):
    settings = Settings()
    topics = {
        settings.topic(topic): TopicFacts(partitions_of(topic, settings), config_of(topic, settings))
        for topic in TOPICS
        if topic not in without
    }
    codecs = frozenset({"gzip", "snappy", "lz4", "zstd"})
    return Installation(
        1, topics, skew_ms=3, generation="4.0 or newer", python=(3, 12), packages=EXACT_PACKAGES, codecs=codecs
    )


@pytest.fixture
def doctor(monkeypatch):
    """Runs `doctor --fix` on what each look in turn finds."""

    def run(*looks):
        seen = list(looks)
        command = "streams.commands.doctor"
        monkeypatch.setenv("VIGILWARD_CONTROL_RECORD_KEY", "s3cret-of-the-tests")
        monkeypatch.setattr(f"{command}.look", lambda settings: seen.pop(0) if len(seen) > 1 else seen[0])
        monkeypatch.setattr(f"{command}.mend", lambda wrong, settings: dict.fromkeys(wrong))
        monkeypatch.setattr(f"{command}.SEEN_WITHIN_S", 0.5)
        for asks in ("canary_ages", "look_at_states"):
            monkeypatch.setattr(f"{command}.{asks}", lambda settings: {})
        return CliRunner().invoke(app, ["doctor", "--fix"])

    return run


def test_topics_that_were_made_and_are_not_yet_listed_are_waited_for(doctor):
    last = tuple(TOPICS)[-3:]
    result = doctor(installation(without=last), installation(without=last[1:]), installation())

    assert result.exit_code == 0, result.stdout
    assert result.stdout.count("mended") == 3
    assert result.stdout.splitlines()[-1] == "sound"


def test_topics_that_never_come_are_found_again(doctor):
    result = doctor(installation(without=tuple(TOPICS)[:1]))

    assert result.exit_code == 1
    assert "topic_missing" in result.stdout
