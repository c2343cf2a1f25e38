"""Names for the screen from the hospital's own service, asked over HTTP. Names never travel through Kafka.

The board sends `POST URL` with `{"patients": ["p-7f3a", ...]}` and expects `{"p-7f3a": {"name": "...", "born":
"1951-07-30", "number": "..."}}`; whom the service does not know, it leaves out. Patients stand in the body, because
what stands in a URL is written into logs.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from typing import Final

import aiohttp

from streams.board.directory import FIELDS

log = logging.getLogger(__name__)

WITHIN_S: Final = 3.0
KNOWN_FOR_S: Final = 600.0
UNKNOWN_FOR_S: Final = 60.0
NOT_AGAIN_FOR_S: Final = 10.0
MOST_BYTES: Final = 8 * 2**20
AT_ONCE: Final = 500
Person = dict[str, str]


class Lookup:
    """Keeps what it was told for ten minutes, and longer while the service does not answer; then `failing` is true.

    `ask` stands in for the network in tests; it gets patients and gives people, or raises OSError or ValueError.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        ask: Callable[[list[str]], Awaitable[dict[str, Person]]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._token, self._clock = url, token, clock
        self._ask = ask or self._over_http
        self._known: dict[str, tuple[Person | None, float]] = {}
        self._tried = -NOT_AGAIN_FOR_S
        self._one_at_a_time = asyncio.Lock()
        self.failing = False

    async def of(self, patients: Collection[str]) -> dict[str, Person]:
        """Those of these patients, who are all whom the board knows, of whom there are names.

        A service that does not answer costs no name that we have.
        """
        async with self._one_at_a_time:
            now = self._clock()
            wanted = [patient for patient in patients if self._is_old(patient, now)]
            if wanted and (not self.failing or now - self._tried >= NOT_AGAIN_FOR_S):
                await self._refresh(wanted, now)
            # Of those who are not asked for any more nothing is kept.
            self._known = {patient: self._known[patient] for patient in patients if patient in self._known}
            return {patient: person for patient, (person, _) in self._known.items() if person}

    def _is_old(self, patient: str, now: float) -> bool:
        person, at = self._known.get(patient, (None, -UNKNOWN_FOR_S))
        return now - at >= (KNOWN_FOR_S if person else UNKNOWN_FOR_S)

    async def _refresh(self, wanted: list[str], now: float) -> None:
        self._tried = now
        try:
            for begin in range(0, len(wanted), AT_ONCE):
                some = wanted[begin : begin + AT_ONCE]
                people = await self._ask(some)
                self._known |= {patient: (people.get(patient), now) for patient in some}
        except (OSError, ValueError) as gone:
            if not self.failing:
                log.warning("the directory does not answer (%s): names that are known stay", type(gone).__name__)
            self.failing = True
        else:
            self.failing = False

    async def _over_http(self, patients: list[str]) -> dict[str, Person]:
        """Of the address that was set, and of no other; the whole answer within `WITHIN_S`."""
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        limits = aiohttp.ClientTimeout(total=WITHIN_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=limits, trust_env=True) as session,
                session.post(self._url, json={"patients": patients}, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status != HTTPStatus.OK:
                    raise ValueError(f"answered {answer.status}")
                return await asyncio.to_thread(read_people, await _within(MOST_BYTES, answer.content))
        except aiohttp.ClientError as broken:
            raise ValueError(type(broken).__name__) from None


async def _within(most: int, content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for part in content.iter_chunked(65_536):
        body += part
        if len(body) > most:
            raise ValueError(f"the answer is of more than {most} bytes")
    return bytes(body)


def read_people(text: bytes) -> dict[str, Person]:
    """The service's answer; what is not a name, a birth date or a number is left aside. Raises ValueError.

    >>> read_people(b'{"p": {"name": "Adler, Anna", "diagnosis": "not shown", "born": null}}')
    {'p': {'name': 'Adler, Anna'}}
    """
    people = json.loads(text)
    if not isinstance(people, dict) or not all(isinstance(one, dict) for one in people.values()):
        raise ValueError("not an object of people by patient")
    return {
        patient: {field: str(said[field]) for field in FIELDS if said.get(field) is not None}
        for patient, said in people.items()
    }
