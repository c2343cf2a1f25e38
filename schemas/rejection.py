"""A rejection: a message refused, as it came, with the facts in its headers."""

from collections.abc import Sequence
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from schemas.reasons import REMEDIES, Refusal

Header = tuple[str, bytes]


class Rejection(BaseModel):
    """What the headers of a rejections record say; its value is the original bytes, its key the original key.

    `vitals` counts the vitals that the refusal takes with it (0 where the record could not be read). `last_offset`: of
    a whole record batch, up to and including which offset; there is no value then, the batch stays where it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Refusal
    field: str | None
    remedy: str
    topic: str
    partition: int
    offset: int
    vitals: int = 0
    last_offset: int | None = None

    @classmethod
    def of(
        cls,
        code: Refusal,
        field: str | None,
        topic: str,
        partition: int,
        offset: int,
        vitals: int = 0,
        last_offset: int | None = None,
    ) -> "Rejection":
        """A rejection with the code's own remedy."""
        remedy = REMEDIES[code][1]
        return cls(
            code=code,
            field=field,
            remedy=remedy,
            topic=topic,
            partition=partition,
            offset=offset,
            vitals=vitals,
            last_offset=last_offset,
        )

    def headers(self) -> tuple[Header, ...]:
        """The facts as record headers, in a fixed order; text is UTF-8, nothing is an empty value.

        >>> dict(Rejection.of(Refusal.EMPTY, None, "vitals.readings", 3, 17).headers())["offset"]
        b'17'
        """
        facts = self.model_dump(mode="json", exclude=None if self.last_offset is not None else {"last_offset"})
        return tuple(
            (name, b"" if fact is None else str(fact).encode("utf-8", "replace")) for name, fact in facts.items()
        )

    @staticmethod
    def headers_of(
        code: Refusal, field: str | None, topic: str, partition: int, offset: int, vitals: int = 0
    ) -> tuple[Header, ...]:
        """As `of(...).headers()`, for floods: what many refusals have in common is written once.

        >>> place = Refusal.EMPTY, None, "vitals.readings", 3, 17
        >>> Rejection.headers_of(*place) == Rejection.of(*place).headers()
        True
        """
        return (*_in_common(code, field, topic, partition), ("offset", b"%d" % offset), ("vitals", b"%d" % vitals))

    @classmethod
    def from_headers(cls, headers: Sequence[Header]) -> "Rejection":
        """Reads what `headers` wrote; headers of others are left aside."""
        facts = {name: value.decode("utf-8", "replace") for name, value in headers if name in cls.model_fields}
        return cls.model_validate({**facts, "field": facts.get("field") or None}, strict=False)


@lru_cache(maxsize=1_024)
def _in_common(code: Refusal, field: str | None, topic: str, partition: int) -> tuple[Header, ...]:
    headers = Rejection.of(code, field, topic, partition, 0).headers()
    return tuple(header for header in headers if header[0] not in ("offset", "vitals"))
