"""What is broken follows from the seed, and nothing that may be broken is left out."""

from tests.chaos.schedule import Fault, small


def faults(kills, seed):
    one, three = small(kills)
    return [act.fault for act in (*one.acts(seed, 2, 1), *three.acts(seed + 1, 2, 3))]


def test_every_fault_comes_up_in_the_run_that_the_suite_does():
    assert set(faults(25, seed=1)) == set(Fault)


def test_the_same_seed_breaks_the_same_in_the_same_order():
    one, _ = small(25)

    assert one.acts(7, 2, 1) == one.acts(7, 2, 1) != one.acts(8, 2, 1)
