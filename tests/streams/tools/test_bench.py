"""The figures of `vigilward bench`: that they are there, and measure what they say."""

from streams.config.packaged_rules import packaged_rules
from streams.log import Partition
from streams.tools.bench import made_up, measure


def test_made_up_readings_are_all_accepted():
    part = Partition(0, 1, clock="arrival", mode="real", rules=packaged_rules())

    part.run(made_up(3, 60))

    assert part.tally.accepted == 3 * 60 * 5
    assert part.tally.adds_up()


def test_every_figure_is_there_and_positive(monkeypatch):
    monkeypatch.setattr("streams.tools.bench.WARM_S", 60)
    figures = measure(patients=10, seconds=120)

    assert {"cpu_us_per_reading", "decode_us_per_reading", "kb_per_patient", "readings_per_s"} <= set(figures)
    assert all(value > 0 for name, value in figures.items() if name != "outputs")
