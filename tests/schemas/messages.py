"""Messages for the readings topic from a seed: mostly good, some bent, some broken."""

import random
from collections.abc import Iterator

# Fragments of JSON, the good ones first and often. Each list holds what has set two readers apart somewhere.
NUMBERS = [
    *("97", "36.6", "0", "-0", "-0.0", "82", "1e2", "2.5E-1", "5e-324", "1e-400", "1e308", "1e309", "1e999", "-1e999"),
    *("9007199254740991", "9007199254740992", "9007199254740993", "18446744073709551616", "1" * 310, "1" * 5000),
    *("0." + "0" * 400 + "1", "0.1000000000000000055511151231257827", "01", "+1", "1.", ".5", "0x10", "1e", "-"),
    *("NaN", "Infinity", "-Infinity", "nan", "1_000", "1,5"),
]
TEXTS = [
    *('"p-7f3a"', '"A"', '""', '" "', '"97"', '"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00\\ud800"'),
    *('"\\u0000"', '"\x00"', '"\x1f"', '"\x7f"', '"\t"', '"\\x41"', '"\\u12"', '"😀"', "'p'", '"p', '"\ufeff"'),
    *(f'"{"é" * 200}"', f'"{"é" * 201}"', f'"{"😀" * 200}"', f'"{"😀" * 201}"', f'"{"%" * 40}"', f'"{"😀" * 41}"'),
]
OTHERS = ["null", "true", "false", "[]", "{}", "[97]", '{"value":97}', "[" * 150 + "]" * 150, "[" * 300 + "]" * 300]
TIMES = [
    *('"2026-11-22T12:00:00Z"', '"2026-11-22T12:00:00.123Z"', '"2026-11-22T12:00:00.123456+01:00"'),
    *('"2026-11-22t12:00:00z"', '"2026-11-22 12:00:00Z"', '"2026-11-22_12:00:00Z"', '"2026-11-22T12:00:00"'),
    *('"2026-11-22T12:00:00.1239999Z"', '"2026-11-22T12:00:00.9999995Z"', '"2026-11-22T12:00:00,5Z"'),
    *('"2026-06-30T23:59:60Z"', '"2026-06-30T24:00:00Z"', '"2026-W47-7T12:00:00Z"', '"2026-326T12:00:00Z"'),
    *('"2026-11-22T12:00Z"', '"2026-11-22"', '"20261122T120000Z"', '"2026-02-30T00:00:00Z"', '"2028-02-29T00:00:00Z"'),
    *('"2026-11-22T12:00:00+0100"', '"2026-11-22T12:00:00+01"', '"2026-11-22T12:00:00-00:00"'),
    *('"2026-11-22T12:00:00+24:00"', '"2026-11-22T12:00:00-23:59"', '"2026-11-22T12:00:00+15:60"'),
    *('"1970-01-01T00:00:00Z"', '"1970-01-01T00:00:00+00:01"', '"1969-12-31T23:59:59-00:01"'),
    *('"2199-12-31T23:59:59.999999Z"', '"2199-12-31T23:59:59.9999999Z"', '"2199-12-31T23:59:59-01:00"'),
    *('"2200-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59.9999999Z"', '"9999-12-31T23:59:59-23:59"'),
    *('"0001-01-01T00:00:00+23:59"', '"0000-01-01T00:00:00Z"', '"10000-01-01T00:00:00Z"', '"1763812800"'),
    *('"2026-11-22T12:00:00\\u005a"', '"2026-11-22T12:00:00\u22121:00"', '" 2026-11-22T12:00:00Z"', "1763812800"),
]
UNITS = ['"%"', '"/min"', '"Cel"', '"[degF]"', '"mm[Hg]"', '"°C"', '"1"']
QUALITIES = ['"valid"', '"questionable"', '"not available"', '"VALID"', '"unknown"', '"overflow"']
SOURCES = ['"monitor"', '"wearable"', '"spot"', '"Spot"']
MODES = ['"real"', '"test"', '"demo"', '"live"']
NAMES = ['"heart_rate"', '"spo2"', '"temperature"', '"consciousness"', '"glucose"', '""', '"\\u0073po2"', '"\\ud800"']
FIELDS = {
    "patient_id": ['"p-7f3a"'],
    "device_id": ['"mon-12"'],
    "taken_at": TIMES,
    "source": SOURCES,
    "sequence": ["48151", "0", "9007199254740991", "9007199254740992", "-1", "1.0", "1e3"],
    "corrects": ["48150", "null"],
    "mode": MODES,
    "version": ["1", "1", "1.0", "true", "2", '"1"', "null"],
}
NEEDED = ("patient_id", "device_id", "taken_at")
MEASURE_FIELDS = {"value": NUMBERS[:9], "unit": UNITS, "quality": QUALITIES}
TOKENS = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\x00",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"NaN",
    b"1e9",
]
WRAPPINGS = [
    (b"", b"\n"),
    (b" \t\r\n", b" "),
    (b"\xef\xbb\xbf", b""),
    (b"", b"\x00"),
    (b"", b"{}"),
    (b"[", b"]"),
    (b"\x0c", b""),
]


class Maker:
    """Makes messages from a seed: mostly good ones, one or a few things wrong in the others."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.badness = 0.0

    def messages(self, number: int) -> Iterator[bytes]:
        for _ in range(number):
            self.badness = self.dice.choice((0.0, 0.0, 0.03, 0.15))
            message = self.reading().encode("utf-8", "surrogatepass")
            if self.dice.random() < 0.2:
                message = self.mutated(message)
            if self.dice.random() < 0.05:
                before, after = self.dice.choice(WRAPPINGS)
                message = before + message + after
            yield message

    def bad(self) -> bool:
        return self.dice.random() < self.badness

    def fragment(self, usual: list[str]) -> str:
        if self.bad():
            return self.dice.choice(self.dice.choice((NUMBERS, TEXTS, OTHERS, TIMES, UNITS, usual)))
        return self.dice.choice(usual) if self.bad() or len(usual) == 1 else usual[self.dice.randrange(2)]

    def reading(self) -> str:
        names = [name for name in FIELDS if not (self.bad() if name in NEEDED else self.dice.random() < 0.5)]
        pairs = [(f'"{name}"', self.fragment(FIELDS[name])) for name in names]
        if not self.bad():
            pairs.append(('"vitals"', self.vitals() if not self.bad() else self.fragment(OTHERS)))
        return self.object(pairs)

    def vitals(self) -> str:
        if self.bad() and self.bad():
            number = self.dice.choice((63, 64, 65, 200))
            return self.object([(f'"{place}"', '{"value":1}') for place in range(number)])
        names = [
            self.dice.choice(NAMES) if self.bad() else NAMES[self.dice.randrange(4)]
            for _ in range(self.dice.randrange(0 if self.bad() else 1, 5))
        ]
        return self.object([(name, self.measure() if not self.bad() else self.fragment(OTHERS)) for name in names])

    def measure(self) -> str:
        return self.object(
            [(f'"{name}"', self.fragment(usual)) for name, usual in MEASURE_FIELDS.items() if not self.bad()]
        )

    def object(self, pairs: list[tuple[str, str]]) -> str:
        if self.bad():
            pairs.append((self.dice.choice(TEXTS[:8]), self.fragment(OTHERS)))  # a field that nobody knows
        if self.bad() and pairs:
            name, _ = self.dice.choice(pairs)
            pairs.append((name, self.fragment(OTHERS)))  # one field twice
        if self.bad():
            self.dice.shuffle(pairs)
        return "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"

    def mutated(self, message: bytes) -> bytes:
        for _ in range(self.dice.choice((1, 1, 2, 5))):
            at, to = sorted((self.dice.randrange(len(message) + 1), self.dice.randrange(len(message) + 1)))
            match self.dice.randrange(6):
                case 0:
                    message = message[:at] + message[at + 1 :]
                case 1:
                    message = message[:at] + self.dice.choice(TOKENS) + message[at:]
                case 2:
                    message = message[:at] + bytes([self.dice.randrange(256)]) + message[at + 1 :]
                case 3:
                    message = message[:to] + message[at:to] + message[to:]
                case 4:
                    message = message[:at] + message[to:]
                case 5:
                    message = message[:at]
        return message
