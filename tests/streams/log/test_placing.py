from streams.log.placing import murmur2, partition_of

# As org.apache.kafka.common.utils.UtilsTest.testMurmur2 has them.
KAFKAS_OWN = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def test_patients_are_placed_as_kafkas_own_producers_place_them():
    for key, signed in KAFKAS_OWN.items():
        assert murmur2(key) == signed % (1 << 32)


def test_every_patient_has_one_partition_of_those_there_are():
    homes = {patient: partition_of(patient, 8) for patient in map(str, range(400))}

    assert set(homes.values()) == set(range(8))


def test_a_name_beyond_ascii_has_a_partition():
    assert 0 <= partition_of("pätient-日本", 8) < 8
