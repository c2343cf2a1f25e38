"""Who approved rules: whose signature counts, of which bytes, and what is no file of keys."""

import shutil
import subprocess

import pytest

from streams.approval import Approvers, MalformedApprovers
from streams.config.packaged_rules import first_rules, first_rules_bytes
from streams.config.settings import load
from streams.config.settings_problems import SettingsError
from tests.approving import Approver


def test_the_signature_of_a_key_that_we_were_given_counts_and_only_of_these_bytes(tmp_path):
    one, other = Approver(), Approver()
    known = Approvers.read(one.public_file(tmp_path / "one.pem"))

    assert known.who_signed(b"rules", one.sign(b"rules")) == one.fingerprint
    assert known.who_signed(b"Rules", one.sign(b"rules")) is None
    assert known.who_signed(b"rules", other.sign(b"rules")) is None
    assert known.who_signed(b"rules", b"") is None
    assert Approvers({}).who_signed(b"rules", one.sign(b"rules")) is None


def test_a_file_may_hold_several_keys(tmp_path):
    pair = Approver(), Approver()
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(one.public_file(tmp_path / "one.pem").read_bytes() for one in pair))

    known = Approvers.read(both)
    assert [known.who_signed(b"r", one.sign(b"r")) for one in pair] == [one.fingerprint for one in pair]


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_holds_no_key_is_refused_by_the_settings_name(tmp_path, text):
    file = tmp_path / "approvers.pem"
    file.write_text(text)
    with pytest.raises(MalformedApprovers):
        Approvers.read(file)
    with pytest.raises(SettingsError, match="VIGILWARD_RULES_APPROVERS"):
        load(rules_approvers=str(file))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_makes_keys_and_signatures_that_count(tmp_path):
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "rules.json").write_bytes(first_rules_bytes())
    openssl("genpkey", "-algorithm", "ed25519", "-out", "approver.key")
    openssl("pkey", "-in", "approver.key", "-pubout", "-out", "approvers.pem")
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", "approver.key", "-in", "rules.json", "-out", "rules.sig")

    known = Approvers.read(tmp_path / "approvers.pem")
    assert known.who_signed(first_rules_bytes(), (tmp_path / "rules.sig").read_bytes())


def test_the_rules_of_a_log_that_names_none_never_change():
    assert first_rules().sha256 == "f5414792d6fd33b4409cfc74473620bea297aa2663e841117127ae77f4ad2171"
