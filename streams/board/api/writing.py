"""What is entered here is told to every board, by the journal."""

import asyncio
from typing import Any, Literal

from fastapi import HTTPException

from streams.board.api.actions import Said
from streams.board.api.refusals import refusal
from streams.board.board import Board
from streams.board.journal import JournalEntry, encode
from streams.board.sending import NotSent
from streams.board.sessions import Session
from streams.config.topics import Topic


def needs_journal(board: Board) -> None:
    """501 where nothing can be kept of what is entered: the same sent again would fail again."""
    if not board.keeps_journal:
        words = "nothing is kept of this here: `vigilward doctor --fix` makes the topic"
        raise refusal(501, "no_journal", words)


def entry_of(
    board: Board,
    session: Session,
    kind: Literal["set", "order", "confirm", "assign"],
    action_id: str,
    patient: str,
    **facts: Any,
) -> JournalEntry:
    """An entry of now, by whoever is signed in; `facts`: the other fields of JournalEntry."""
    return JournalEntry(kind, action_id, patient, board.now_ms, session.name, session.role, **facts)


async def write(board: Board, entry: JournalEntry) -> tuple[int, int] | None:
    """Wait until the broker has it, where: partition and offset; None where the topic is not there.

    503: the same may be sent again.
    """
    if not board.keeps_journal:
        return None
    topic = board.settings.topic(Topic.JOURNAL)
    try:
        place = await asyncio.shield(board.sender.send(topic, entry.patient_id, encode(entry)))
    except NotSent as gone:
        raise HTTPException(503, f"not kept: {gone}", headers={"Retry-After": "1"}) from None
    return place[1], place[2]


async def write_alone(board: Board, entry: JournalEntry) -> Said:
    """What the journal alone is told; answered when the broker has it. 501: it is not there."""
    needs_journal(board)
    place = await write(board, entry)
    assert place is not None
    return Said(action_id=entry.action_id, partition=place[0], offset=place[1])
