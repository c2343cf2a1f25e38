"""What `doctor` says of brokers in sync, certificates, the canary, stored states and rights; each with a remedy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

import streams
from streams.commands.doctor import CERTIFICATES, OWN_CERTIFICATES
from streams.config.rights import TOPIC_RIGHTS, Principal
from streams.config.settings import Settings
from streams.config.settings_names import variable
from streams.installation.canary_heard import SILENT_AFTER_S, canary_findings
from streams.installation.certificates import AUTHORITIES, TOWARDS_KAFKA, certificate_findings
from streams.installation.copies import copy_findings
from streams.installation.finding import Code
from streams.installation.rights import right_findings
from streams.installation.stored_states import state_findings
from streams.log.behaviour import BEHAVIOUR, FIRST
from streams.worker.state_store.state_encoding import CheckpointBody, Why
from streams.worker.state_store.stored import Lost, Stored
from tests.certificates import write_certificate
from tests.streams.installation.test_copies import SETTINGS, installation, topic

NOW = datetime.now(UTC)


def found(findings):
    findings = list(findings)
    assert all(one.remedy and one.says and one.subject for one in findings)
    return [(one.code, one.subject) for one in findings]


def alerts(**changes):
    return installation(alerts=replace(topic((1, 2, 3), (2, 3, 1)), **changes))


def test_a_broker_that_does_not_follow_is_named():
    (one,) = copy_findings(alerts(in_sync={0: (1, 2, 3), 1: (2, 1)}), SETTINGS)

    assert (one.code, one.subject) == (Code.UNDER_REPLICATED, "vitals.alerts")
    assert "partition 1" in one.says and "broker 3" in one.says and not one.mendable


def test_a_partition_that_nobody_leads_is_named():
    assert found(copy_findings(alerts(headless=frozenset({1})), SETTINGS)) == [(Code.NO_LEADER, "vitals.alerts")]


def test_copies_that_are_all_in_sync_are_sound():
    assert found(copy_findings(alerts(in_sync={0: (3, 2, 1), 1: (1, 2, 3)}), SETTINGS)) == []


@pytest.mark.parametrize(("days", "says"), [(-2, "ended on"), (3, "ends in"), (29, "ends in"), (31, None), (900, None)])
def test_a_certificate_that_is_over_or_soon_will_be_is_found(tmp_path, days, says):
    cert, _ = write_certificate(tmp_path, days)

    said = [one.says for one in certificate_findings({"VIGILWARD_SSL_CERT_FILE": cert, "OTHER": None}, NOW)]

    assert [says in one for one in said] == ([True] if says else [])


def test_a_file_without_a_certificate_is_found(tmp_path):
    (tmp_path / "empty.pem").write_text("")

    for path in (tmp_path / "empty.pem", tmp_path / "none.pem"):
        assert found(certificate_findings({"X": path}, NOW)) == [(Code.CERTIFICATE_ENDS, "X")]


def bundle(tmp_path, *days):
    parts = [write_certificate(tmp_path / str(number), one)[0].read_text() for number, one in enumerate(days)]
    path = tmp_path / "bundle.pem"
    path.write_text("".join(parts))
    return path


@pytest.mark.parametrize(("days", "told"), [((900, 5), None), ((5, 900), 5), ((-2,), -2), ((31,), None)])
def test_of_a_certificate_with_its_chain_the_first_counts(tmp_path, days, told):
    said = [one.says for one in certificate_findings({"VIGILWARD_SSL_CERT_FILE": bundle(tmp_path, *days)}, NOW)]

    assert [(NOW + timedelta(days=told)).date().isoformat() in one for one in said] == [True] if told else not said


@pytest.mark.parametrize("name", ["VIGILWARD_SSL_CA_FILE", "VIGILWARD_GATEWAY_CLIENT_CA_FILE"])
@pytest.mark.parametrize(("days", "told"), [((900, -5), None), ((-5, 900), None), ((3, 29), 29), ((-5, -2), -2)])
def test_authorities_are_sound_as_long_as_one_of_them_is(tmp_path, name, days, told):
    said = [one.says for one in certificate_findings({name: bundle(tmp_path, *days)}, NOW)]

    assert [(NOW + timedelta(days=told)).date().isoformat() in one for one in said] == [True] if told else not said


def test_every_file_of_authorities_is_known_by_its_name():
    names = {name for names in (OWN_CERTIFICATES, *CERTIFICATES.values()) for name in names}

    assert {name for name in names if name.upper().endswith(AUTHORITIES)} == {"ssl_ca_file", "client_ca_file"}
    assert {name for name in names if variable("", name).startswith(TOWARDS_KAFKA)} == {"ssl_ca_file", "ssl_cert_file"}


PROCESSES = {"worker": "workers", "canary": "canary", "board": "boards", "gateways": "gateways", "notify": "notifiers"}
READ_ONCE = ("librdkafka()", "streams.gateways.store import")  # librdkafka reads its files when a client is made


@pytest.mark.parametrize("package", PROCESSES)
def test_whoever_reads_its_certificate_towards_kafka_once_is_said_to_be_started_anew(tmp_path, package):
    folder = Path(streams.__file__).parent / package
    once = any(word in path.read_text("utf-8") for path in folder.glob("**/*.py") for word in READ_ONCE)
    (found,) = certificate_findings({"VIGILWARD_SSL_CERT_FILE": write_certificate(tmp_path, 3)[0]}, NOW)
    fresh, anew = found.remedy.split(" without a restart; ")
    rows = Path(streams.__file__).parents[1].joinpath("SECURITY.md").read_text("utf-8").splitlines()
    follows, not_followed = (
        next(row for row in rows if row.startswith(one)) for one in ("| certificates", "| Kafka's")
    )

    assert [PROCESSES[package] in one for one in (fresh, anew)] == [not once, once]
    assert [PROCESSES[package] in one for one in (follows, not_followed)] == [not once, once]


def test_what_listens_takes_its_new_certificate_without_a_restart(tmp_path):
    (found,) = certificate_findings({"VIGILWARD_BOARD_TLS_CERT_FILE": write_certificate(tmp_path, 3)[0]}, NOW)

    assert "without a restart" in found.remedy and "anew" not in found.remedy


def test_a_silent_canary_is_named_by_its_partition_and_one_that_never_sang_is_not():
    never, long_ago = dict.fromkeys(range(2)), SILENT_AFTER_S + 1

    assert found(canary_findings(never, SETTINGS)) == found(canary_findings({}, SETTINGS)) == []
    assert found(canary_findings({0: 30.0, 1: SILENT_AFTER_S}, SETTINGS)) == []
    assert found(canary_findings({0: 30.0, 1: long_ago}, SETTINGS)) == [(Code.CANARY_SILENT, "vitals.readings/1")]
    assert found(canary_findings({0: None, 1: 3.0}, SETTINGS)) == [(Code.CANARY_SILENT, "vitals.readings/0")]


def checkpoint(**changes):
    body = CheckpointBody(7, 0, None, {}, None, "c", "t", 1, 0, group=SETTINGS.group, behaviour=BEHAVIOUR)
    return Stored(checkpoint=msgspec.structs.replace(body, **changes))


def test_states_that_this_build_can_go_on_with_are_sound():
    stored = {0: checkpoint(), 1: checkpoint(behaviour=FIRST, drained=True, group=""), 2: Stored()}

    assert found(state_findings(stored, SETTINGS)) == []


@pytest.mark.parametrize("changes", [{"group": "another"}, {"behaviour": FIRST}, {"behaviour": BEHAVIOUR + 1}])
def test_states_of_another_group_or_of_a_build_that_has_not_drained_are_told(changes):
    assert found(state_findings({1: checkpoint(**changes)}, SETTINGS)) == [(Code.STATES_BLOCKED, "vitals.states/1")]


def test_stored_records_that_cannot_be_used_are_counted_by_why_and_name_nobody():
    lost = [Lost("p-7f3a", 3, Why.NEWER), Lost("p-8", 4, Why.NEWER), Lost("p-9", 5, Why.DAMAGED)]

    said = list(state_findings({0: Stored(lost=lost)}, SETTINGS))

    assert [one.says.split(":")[0] for one in said] == ["1 stored record", "2 stored records"]
    assert not any("p-" in one.says + one.subject for one in said)


@pytest.mark.parametrize("principal", list(Principal), ids=str)
def test_each_right_that_a_process_needs_is_missed_alone(principal):
    settings = Settings()
    has = {settings.topic(topic): frozenset(needs) for topic, needs in TOPIC_RIGHTS[principal].items()}

    assert found(right_findings(has, principal, settings)) == []
    for name, needs in has.items():
        for one in needs:
            (missing,) = right_findings({**has, name: needs - {one}}, principal, settings)
            assert (missing.code, missing.subject) == (Code.RIGHT_MISSING, name) and f"lacks {one}," in missing.says
