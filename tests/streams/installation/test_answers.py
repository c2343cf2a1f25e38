"""Why no Kafka answers: told apart by what librdkafka says, each with a remedy that names a setting."""

import pytest

from streams.installation.answers import SAYS, NoAnswer, Trouble, Troubles, sentence, why_no_answer

AT = "sasl_ssl://127.0.0.1:17312/bootstrap: "
SEEN = [
    (
        NoAnswer.WRONG_LOGIN,
        "_AUTHENTICATION",
        "SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL "
        "mechanism SCRAM-SHA-512 (after 7ms in state AUTH_REQ)",
    ),
    (
        NoAnswer.WRONG_MECHANISM,
        "_AUTHENTICATION",
        "SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: "
        "SCRAM-SHA-512 (after 1ms in state AUTH_HANDSHAKE)",
    ),
    (
        NoAnswer.UNKNOWN_AUTHORITY,
        "_SSL",
        "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be "
        "verified, verify that ssl.ca.location is correctly configured",
    ),
    (
        NoAnswer.NOT_ENCRYPTED,
        "_TRANSPORT",
        "SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener?",
    ),
    (NoAnswer.UNKNOWN_HOST, "_RESOLVE", "Failed to resolve 'nohost.invalid:9092': Name or service not known"),
    (NoAnswer.NOBODY_LISTENS, "_TRANSPORT", "Connect to ipv4#127.0.0.1:1 failed: Connection refused"),
    (NoAnswer.UNREACHABLE, "_TRANSPORT", "Disconnected (after 20ms in state APIVERSION_QUERY)"),
]


@pytest.mark.parametrize(("why", "name", "words"), SEEN, ids=lambda fact: fact if isinstance(fact, NoAnswer) else "")
def test_what_a_refused_client_was_told_names_the_reason(why, name, words):
    said = [Trouble("_ALL_BROKERS_DOWN", "1/1 brokers are down"), Trouble(name, AT + words)]

    assert why_no_answer(said) is why


def test_every_reason_has_a_code_and_names_a_setting_and_no_password():
    client = {
        "bootstrap.servers": "k:9092",
        "sasl.username": "w",
        "sasl.mechanisms": "PLAIN",
        "sasl.password": "s3cret-of-the-tests",
    }

    assert set(SAYS) == set(NoAnswer)
    for why in NoAnswer:
        said = sentence(why, client)
        assert said.startswith(f"{why}: ") and "VIGILWARD_" in said and "k:9092" in said
        assert "s3cret-of-the-tests" not in said


def test_only_somebody_who_answered_can_refuse_for_good():
    assert {why for why in NoAnswer if not why.final} == {
        NoAnswer.UNKNOWN_HOST, NoAnswer.NOBODY_LISTENS, NoAnswer.UNREACHABLE,
    }  # fmt: skip


def test_troubles_are_kept_by_the_hundred():
    class Error:
        def name(self):
            return "_TRANSPORT"

        def str(self):
            return "Connection refused"

    troubles = Troubles()
    for _ in range(150):
        troubles.heard(Error())

    assert len(troubles) == 100
