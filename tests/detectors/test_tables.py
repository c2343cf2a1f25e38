"""Tables as data: nothing of lesser certainty is read before somebody has put a name to it."""

import json

import pytest

from detectors.rule_fault import Code
from detectors.rules import KNOWN_DETECTORS, RulesError
from detectors.tables import TableError, read_table
from tests.making import rules_with

# Subbe et al., QJM 2001;94:521: its boundaries are cited differently in several places, hence medium.
MEWS = {
    "name": "MEWS",
    "version": "subbe-2001",
    "source": "Subbe et al., QJM 2001;94:521",
    "for_whom": "adults",
    "certainty": "medium",
    "verified_by": None,
    "calls_from": 5,
    "rows": {
        "resp_rate": {"bands": [[8, 2], [14, 0], [20, 1], [29, 2], [None, 3]]},
        "temperature": {"bands": [[34.9, 2], [38.4, 0], [None, 2]], "per_unit": 10},
    },
}
WHO = {"who": "Dr. X", "on": "2026-11-01", "against": "QJM 2001;94:521, table 1"}


def table(**changes):
    return read_table(json.dumps({**MEWS, **changes}).encode())


@pytest.mark.parametrize("certainty", ["medium", "low"])
def test_a_table_of_lower_certainty_is_refused_until_it_is_verified(certainty):
    with pytest.raises(TableError) as refused:
        table(certainty=certainty)

    assert (refused.value.fault.code, refused.value.fault.field) == (Code.UNVERIFIED, "verified_by")
    assert "QJM" in refused.value.fault.remedy
    assert table(certainty=certainty, verified_by=WHO).verified


def test_a_certain_table_needs_nobodys_name():
    assert table(certainty="high").verified


@pytest.mark.parametrize("left_out", ["who", "on", "against"])
def test_verifying_needs_a_name_a_day_and_the_print(left_out):
    with pytest.raises(TableError, match=left_out):
        table(verified_by={name: value for name, value in WHO.items() if name != left_out})


@pytest.mark.parametrize("missing", ["verified_by", "source", "certainty", "for_whom"])
def test_a_table_that_is_silent_about_where_it_is_from_is_refused(missing):
    with pytest.raises(TableError, match=missing):
        read_table(json.dumps({name: value for name, value in MEWS.items() if name != missing}).encode())


def test_a_value_is_scored_as_charted_and_what_is_missing_may_be_anything():
    mews = table(verified_by=WHO)

    assert mews.score({"resp_rate": 30, "temperature": 38.5}) == (5, 5, ())
    assert mews.score({"resp_rate": 16, "temperature": None}) == (1, 3, ("temperature",))
    assert mews.score({}) == (0, 5, ("resp_rate", "temperature"))


@pytest.mark.parametrize("bands", [[[20, 1], [8, 2], [None, 3]], [[8, 2]], [[8, 2], [None, -1]], []])
def test_bands_that_do_not_rise_to_the_end_are_refused(bands):
    with pytest.raises(TableError):
        table(verified_by=WHO, rows={"resp_rate": {"bands": bands}})


@pytest.mark.parametrize("name", ["maternal", "mews", "MEWS", "pews"])
def test_no_rules_file_arms_a_table_however_it_is_called(name):
    """Nothing of a table reaches a Vigil by itself: what may be armed is a closed list."""
    assert name not in KNOWN_DETECTORS
    with pytest.raises(RulesError, match="unknown detectors"):
        rules_with(("armed", (*sorted(KNOWN_DETECTORS), name)))
