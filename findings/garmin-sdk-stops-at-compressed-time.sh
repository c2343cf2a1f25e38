#!/usr/bin/env bash
# garmin-fit-sdk 21.218.0 (Python, the maker's own), fitdecode 0.11.0: records of a FIT file with compressed timestamps.
# Seen: of thirteen heart rates, the first with a full time and twelve with the format's five-bit one, the SDK gives the first and ends;
# is_fit() and check_integrity() are true, nothing is raised, and only the second thing that read() returns has a line for it.
# fitdecode gives all thirteen, seven seconds apart, across two roll-overs of the five bits.
# Guess before the run: the maker's reader reads all of its own format's records.
# Why it matters: a recording ends at its first such record and looks complete. Never drop the errors of read(); count what was read
# against the time that the file covers.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env; env/bin/pip install --quiet --disable-pip-version-check garmin-fit-sdk==21.218.0 fitdecode==0.11.0
cat > run.py <<'PY'
import struct
from pathlib import Path

import fitdecode
from garmin_fit_sdk import Decoder, Stream

START = 1_100_000_000  # seconds of FIT
NIBBLES = (0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400)


def checksum(data):
    crc = 0
    for half in (half for byte in data for half in (byte & 15, byte >> 4)):
        crc = (crc >> 4) ^ NIBBLES[crc & 15] ^ NIBBLES[half]
    return struct.pack("<H", crc)


def definition(local, message, *fields):
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, message, len(fields)) + b"".join(bytes(field) for field in fields)


body = definition(0, 0, (0, 1, 0x00), (1, 2, 0x84), (2, 2, 0x84), (4, 4, 0x86)) + struct.pack("<BBHHI", 0, 4, 255, 1, START)
body += definition(1, 20, (253, 4, 0x86), (3, 1, 0x02)) + struct.pack("<BIB", 1, START, 60)
body += definition(2, 20, (3, 1, 0x02))
body += b"".join(bytes((0x80 | 2 << 5 | (START + 7 * count) & 31, 60 + count)) for count in range(1, 13))
head = struct.pack("<BBHI4s", 14, 0x20, 2140, len(body), b".FIT")
whole = head + checksum(head) + body
Path("night.fit").write_bytes(whole + checksum(whole))

stream = Stream.from_file("night.fit")
sound = Decoder(stream).is_fit() and Decoder(stream).check_integrity()
messages, errors = Decoder(Stream.from_file("night.fit")).read()
makers = [one["heart_rate"] for one in messages["record_mesgs"]]
with fitdecode.FitReader("night.fit") as reader:
    records = [one for one in reader if isinstance(one, fitdecode.FitDataMessage) and one.name == "record"]
others = [one.get_value("heart_rate") for one in records]
apart = {int((b.get_value("timestamp") - a.get_value("timestamp")).total_seconds()) for a, b in zip(records, records[1:], strict=False)}
print("integrity", sound, "| SDK", makers, [str(error) for error in errors], "| fitdecode", others, "seconds apart", apart)
raise SystemExit(0 if sound and makers == [60] and len(errors) == 1 and others == list(range(60, 73)) and apart == {7} else 1)
PY
env/bin/python run.py
