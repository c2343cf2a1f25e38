import pytest

from streams.demo.looped import Looped
from streams.recordings.samples import folder
from streams.simulator.simulator import Simulator
from streams.simulator.together import Together


def test_made_up_and_recorded_patients_lie_on_one_ward():
    made_up, recorded = Simulator(4, start_ms=0), Looped(folder("bidmc"), start_ms=0, first_bed=5)
    ward = Together(made_up, recorded)

    readings = list(ward.readings(0, 30_000))

    assert readings == sorted([*made_up.readings(0, 30_000), *recorded.readings(0, 30_000)])
    assert len(ward.admissions()) == len({record["bed"] for record in ward.admissions()}) == 14


@pytest.mark.parametrize(
    ("more", "field"), [({"first_bed": 3}, "patient_id: sim-0001"), ({"first_patient": 3}, "bed: A01")]
)
def test_two_patients_in_one_bed_or_of_one_name_are_refused(more, field):
    with pytest.raises(ValueError, match=field):
        Together(Simulator(2, start_ms=0), Simulator(2, start_ms=0, **more))
