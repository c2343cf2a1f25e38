from streams.log import Tally


def test_an_empty_tally_adds_up():
    assert Tally().adds_up()


def test_a_record_that_went_nowhere_is_noticed():
    assert not Tally(records=2, readable=1).adds_up()


def test_a_vital_that_went_nowhere_is_noticed():
    assert not Tally(records=1, readable=1, received=3, accepted=2).adds_up()
    assert Tally(records=1, readable=1, received=5, accepted=1, suspect=1, duplicate=1, late=1, rejected=1).adds_up()


def test_the_counts_have_names():
    assert Tally(records=3).as_dict()["records"] == 3
    assert "refusals" not in Tally().as_dict()
