from dataclasses import replace

from streams.log.tally import Tally

WHOLE = Tally(
    records=6,
    readable=3,
    unreadable=2,
    forwarded=1,
    received=15,
    accepted=9,
    suspect=1,
    duplicate=2,
    late=2,
    rejected=1,
)


def test_it_adds_up_when_everything_is_accounted_for():
    assert Tally().adds_up() and WHOLE.adds_up()


def test_one_thing_dropped_in_silence_is_noticed():
    for name in ("records", "readable", "unreadable", "forwarded"):
        assert not replace(WHOLE, **{name: getattr(WHOLE, name) + 1}).adds_up(), name
    for name in ("received", "accepted", "suspect", "duplicate", "late", "rejected"):
        assert not replace(WHOLE, **{name: getattr(WHOLE, name) - 1}).adds_up(), name


def test_what_is_told_holds_numbers_only():
    told = WHOLE.as_dict()

    assert told["received"] == 15 and "refusals" not in told
    assert all(isinstance(count, int) for count in told.values())
