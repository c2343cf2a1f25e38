"""Reading back: the newest of each key, and what cannot be used by name and place."""

from streams.worker.state_store.state_encoding import CHECKPOINT_KEY, Why, encode_state, patient_key
from streams.worker.state_store.stored import Lost, understood


def test_good_states_come_back_and_bad_ones_are_named_in_their_order():
    good = encode_state("p-1", 3, b"state", 1_000)
    newest = {
        patient_key("p-3"): (9, good),  # another patient's
        patient_key("p-1"): (4, good),
        patient_key("p-2"): (5, b"VW\x09 from the future"),
        CHECKPOINT_KEY: (7, b""),
    }

    stored = understood(newest)

    assert list(stored.states) == ["p-1"] and stored.states["p-1"].upto == 3
    assert stored.lost == [Lost("p-2", 5, Why.NEWER), Lost("", 7, Why.DAMAGED), Lost("p-3", 9, Why.DAMAGED)]
    assert stored.checkpoint is None and stored.checkpoint_lost
