"""What is entered here is told to every board, by the journal."""

import asyncio

from fastapi import HTTPException

from streams.board.board import Board
from streams.board.journal import JournalEntry, encode
from streams.board.sending import NotSent
from streams.config.topics import Topic


async def write(board: Board, entry: JournalEntry) -> None:
    """Wait until the broker has it; nothing where the topic is not there. 503: the same may be sent again."""
    if not board.keeps_journal:
        return
    try:
        await asyncio.shield(board.sender.send(board.settings.topic(Topic.JOURNAL), entry.patient_id, encode(entry)))
    except NotSent as gone:
        raise HTTPException(503, f"not kept: {gone}", headers={"Retry-After": "1"}) from None
