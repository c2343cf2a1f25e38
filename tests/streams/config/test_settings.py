"""What may be set from outside, who wins, and what is said of a setting that cannot be used."""

import pytest

from schemas.reading import Mode
from streams.config.settings import Clock, SecurityProtocol, Settings, load, refuse_unless_a_worker_may
from streams.config.settings_problems import SettingsError


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    import os

    for name in [name for name in os.environ if name.startswith("VIGILWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def refused(**said):
    with pytest.raises(SettingsError) as refusal:
        load(**said)
    return refusal.value


def test_without_any_setting_a_worker_watches_real_patients_by_the_brokers_clock():
    settings = load()

    assert (settings.clock, settings.mode, settings.partitions, settings.group) == (
        Clock.ARRIVAL, Mode.REAL, 8, "vigilward",
    )  # fmt: skip
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(monkeypatch, tmp_path):
    file = tmp_path / "ward.toml"
    file.write_text('group = "file"\npartitions = 4\nhttp_port = 1000\n\n[board]\nport = 9\n')
    monkeypatch.setenv("VIGILWARD_CONFIG", str(file))
    monkeypatch.setenv("VIGILWARD_PARTITIONS", "5")
    monkeypatch.setenv("VIGILWARD_HTTP_PORT", "2000")

    settings = load(http_port=3000, clock=None)

    assert (settings.group, settings.partitions, settings.http_port) == ("file", 5, 3000)


def test_a_file_beside_the_worker_is_read_without_being_named(tmp_path):
    (tmp_path / "vigilward.toml").write_text('topic_prefix = "night."\n')

    assert load().topic("alerts") == "night.alerts"


def test_a_file_that_is_named_and_not_there_is_said_to_be_missing(monkeypatch):
    monkeypatch.setenv("VIGILWARD_CONFIG", "nowhere.toml")

    problem = refused()

    assert "VIGILWARD_CONFIG" in str(problem) and "nowhere.toml" in str(problem)
    assert problem.exit_code == 3


@pytest.mark.parametrize("text", ["group = ", "\xff"])
def test_a_file_that_is_not_toml_is_said_to_be_broken(tmp_path, text):
    (tmp_path / "vigilward.toml").write_bytes(text.encode("latin-1"))

    assert "is not TOML" in str(refused())


def test_a_key_that_does_not_exist_is_named(tmp_path):
    (tmp_path / "vigilward.toml").write_text("partitons = 4\n")

    assert str(refused()).startswith("partitons: there is no such setting")


def test_every_bad_setting_is_named_with_its_variable_at_once():
    problem = refused(clock="sundial", partitions=0)

    assert [line.split(":")[0] for line in problem.lines] == ["VIGILWARD_CLOCK", "VIGILWARD_PARTITIONS"]
    assert problem.exit_code == 2


def test_a_rejection_must_fit_where_the_message_did():
    assert "VIGILWARD_MAX_OUTBOUND_BYTES" in str(refused(max_inbound_bytes=1_000_000, max_outbound_bytes=1_000_000))


def test_a_heartbeat_that_a_busy_worker_would_miss_is_refused():
    assert "VIGILWARD_HEARTBEAT_S" in str(refused(session_timeout_s=6, heartbeat_s=5))


def test_logging_in_needs_a_name_and_a_password():
    assert "SASL_PASSWORD" in str(refused(security_protocol="SASL_SSL"))


def test_a_secret_is_never_shown(monkeypatch):
    monkeypatch.setenv("VIGILWARD_CONTROL_RECORD_KEY", "s3cret-of-the-tests")
    monkeypatch.setenv("VIGILWARD_SASL_PASSWORD", "hunter2")

    settings = load()

    assert "s3cret-of-the-tests" not in repr(settings) and "hunter2" not in repr(settings)


def test_a_certificate_that_is_not_there_is_named():
    assert "VIGILWARD_SSL_CA_FILE" in str(refused(security_protocol="SSL", ssl_ca_file="nowhere.pem"))


@pytest.mark.parametrize("mode", ["test", "demo"])
def test_recordings_may_go_by_their_own_clock(mode):
    refuse_unless_a_worker_may(load(clock="event", mode=mode))


def test_real_patients_may_not():
    with pytest.raises(SettingsError, match="VIGILWARD_CLOCK"):
        refuse_unless_a_worker_may(load(clock="event", mode="real"))


def test_the_first_of_several_keys_signs_and_all_verify():
    new, old = (
        load(control_record_key="new:s3cret-of-the-tests,old:before-the-rotation").keys,
        load(control_record_key="old:before-the-rotation").keys,
    )

    assert new.holds(b"x", old.sign(b"x")) and new.sign(b"x").startswith(b"new:")
    assert not load().keys


def test_both_clients_get_the_same_login():
    settings = Settings(security_protocol=SecurityProtocol.SASL_SSL, sasl_username="vigilward", sasl_password="hunter2")

    assert settings.aiokafka()["sasl_plain_password"] == settings.librdkafka()["sasl.password"] == "hunter2"
    assert settings.aiokafka()["ssl_context"].check_hostname
    assert Settings().librdkafka() == {"bootstrap.servers": "127.0.0.1:9092", "security.protocol": "PLAINTEXT"}


@pytest.mark.parametrize("key", ["short", "new:a-secret-that-is-long,old", "a,b"])
def test_malformed_keys_are_refused_by_name_and_never_shown(key):
    with pytest.raises(SettingsError) as refused:
        load(control_record_key=key)
    (line,) = refused.value.lines
    assert line.startswith("VIGILWARD_CONTROL_RECORD_KEY: ") and "a-secret" not in line


def test_beyond_loopback_metrics_are_served_by_https_or_by_a_word(monkeypatch, tmp_path):
    assert "HTTP_TLS_CERT_FILE and HTTP_TLS_KEY_FILE" in str(refused(http_host="0.0.0.0"))
    assert "or neither" in str(refused(http_tls_cert_file=__file__))
    assert load(http_host="0.0.0.0", http_plain=True).http_context() is None
