import numpy as np
import pytest

from streams.simulator.noise import Noise, smooth


@pytest.mark.parametrize("first", [-1000, -1, 0, 255, 256, 100_000])
def test_any_part_can_be_had_without_the_rest(first):
    noise = Noise(seed=1, patient=2)
    whole, slow = noise.white(5, -2000, 105_000), noise.slow(5, -2000, 105_000, 0.9)

    assert (noise.white(5, first, 300) == whole[first + 2000 : first + 2300]).all()
    assert np.allclose(noise.slow(5, first, 300, 0.9), slow[first + 2000 : first + 2300], rtol=0, atol=1e-12)


def test_seeds_patients_and_channels_do_not_share_their_noise():
    drawn = [Noise(seed, patient).white(channel, 0, 50) for seed in (1, 2) for patient in (1, 2) for channel in (0, 1)]

    assert len({tuple(numbers) for numbers in drawn}) == 8
    assert (Noise(1, 1).uniform(0, 0, 50) != Noise(1, 1).white(0, 0, 50)).all()


def test_noise_has_the_spread_and_the_memory_that_were_asked_for():
    slow = Noise(3, 3).slow(0, 0, 50_000, 0.9)

    assert abs(slow.mean()) < 0.05
    assert abs(slow.std() - 1) < 0.05
    assert abs(np.corrcoef(slow[:-1], slow[1:])[0, 1] - 0.9) < 0.02


def test_wandering_is_smooth_and_the_same_wherever_one_begins():
    noise, seconds = Noise(4, 4), np.arange(0.0, 5000.0)
    path = noise.wander(0, seconds, 420.0)

    assert np.abs(np.diff(path)).max() < 0.02
    assert np.allclose(noise.wander(0, seconds[777:1234], 420.0), path[777:1234], rtol=0, atol=1e-12)
    assert len(noise.wander(0, seconds[:0], 420.0)) == 0


def test_nothing_is_asked_nothing_is_given():
    assert len(Noise(1, 1).white(0, 7, 0)) == 0


def test_a_smooth_step_begins_and_ends_flat():
    assert smooth(np.array([0.0, 0.01, 0.99, 1.0])) == pytest.approx([0, 0.0003, 0.9997, 1], abs=1e-4)
