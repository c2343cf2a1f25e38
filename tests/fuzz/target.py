"""What is asked of a converter for one input, whatever it is."""

import json
import time
from zoneinfo import ZoneInfo

from schemas.decode import Decoded, decode
from schemas.judge import Refused, judge
from schemas.reasons import Refusal
from streams.formats.converter import Converter
from streams.formats.findings import TOLD_OF_A_CODE, Sign
from streams.formats.format import Format
from streams.formats.statements import Site

SLOWEST_S = 1.0
ZONE = ZoneInfo("Europe/Berlin")


class TooSlow(AssertionError):
    """An input that takes longer than a second."""


def hold(data: bytes, form: Format) -> int:
    """Raises where the converter breaks its word; the number of readings."""
    began = time.process_time()
    results = list(Converter(Site(ZONE)).convert(data, form))
    took = time.process_time() - began
    if took > SLOWEST_S:
        raise TooSlow(f"{took:.2f} s for {len(data):,} bytes")
    assert results, "no verdict"
    for one in results:
        json.dumps(one.verdict())
        assert len(one.findings) <= (len(Sign) + len(Refusal)) * TOLD_OF_A_CODE
        for reading in one.readings:
            value = json.dumps(reading).encode()
            if len(value) > 60_000:
                continue  # ids of an absurd length: the intake says so
            decoded = decode(value)
            assert one.format == "native" or not isinstance(decoded, Decoded), decoded
            taken = decoded.reading if isinstance(decoded, Decoded) else decoded
            for name, measure in taken.vitals.items():
                judged = judge(name, measure)
                assert not isinstance(judged, Refused) or judged.code is Refusal.NOT_USABLE, judged
    return sum(len(one.readings) for one in results)
