"""Every dependency comes under a licence that lets the product be shipped."""

import re

import pytest

from deploy.make import licences


def test_every_installed_dependency_may_be_shipped():
    found = list(licences.of_python())

    assert len(found) > 40
    assert [f"{one.name}: {one.licence or 'not said'}" for one in found if not one.allowed] == []


def test_what_the_command_needs_is_looked_at():
    names = {re.sub(r"[-_.]+", "-", one.name).lower() for one in licences.of_python()}

    assert {"faust-streaming", "aiokafka", "river", "numpy", "prometheus-client", "pydantic"} <= names


@pytest.mark.parametrize(
    "said", ["GPL-3.0-only", "GNU Affero General Public License v3", "BUSL-1.1", "", "Proprietary"]
)
def test_a_licence_with_duties_or_none_is_refused(said: str):
    assert not licences.Licence("planted", "1.0", said).allowed
