"""A refusal that the page words in its own language: a code, its facts, and the same in English."""

from fastapi import HTTPException


def refusal(status: int, code: str, words: str, **facts: str | float) -> HTTPException:
    """What is raised. A moment among the facts is written whole (RFC 3339): the page shows it by the ward's clock.

    >>> refusal(409, "has_bed", "Nora has A1", who="Nora", bed="A1").detail
    {'code': 'has_bed', 'words': 'Nora has A1', 'who': 'Nora', 'bed': 'A1'}
    """
    return HTTPException(status, {"code": code, "words": words, **facts})
