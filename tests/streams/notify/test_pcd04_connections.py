"""How many messages at once a PCD-04 receiver gets: as many as it serves, over connections kept open."""

import asyncio
import contextlib

import msgspec
import pytest

from streams.gateways.mllp import Frames, frame
from streams.notify.channels import Answer, pcd04
from streams.notify.channels.pcd04 import Pcd04
from streams.notify.routes import Audience, Channel, Recipient


def test_recipients_at_one_address_do_not_wait_for_each_others_answers(call):
    async def story():
        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            frames = Frames(100_000)
            while data := await reader.read(4_096):
                for one in frames.feed(data):
                    await asyncio.sleep(0.05)
                    writer.write(frame(b"MSH|^~\\&|R\rMSA|AA|" + one.split(b"|")[9] + b"\r"))
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel = Pcd04()
        ours = [Recipient(name, Channel.PCD04, Audience.MACHINE, address=address) for name in ("a", "b")]
        for one in ours:  # both have a connection
            await channel.send(one, call)
        try:
            sent = (channel.send(one, msgspec.structs.replace(call, id=one.name)) for one in ours)
            return await asyncio.gather(*sent, return_exceptions=True)
        finally:
            await channel.close()
            server.close()
            await asyncio.sleep(0.1)

    assert all(isinstance(one, Answer) and one.ok for one in asyncio.run(story()))


@pytest.mark.parametrize(("lets_in", "at_once"), [(8, 4), (2, 2), (1, 1)])
def test_a_receiver_has_as_many_messages_at_once_as_connections_it_lets_in(call, lets_in: int, at_once: int):
    async def story() -> tuple[list[Answer], int]:
        open_now, under_way, most = 0, 0, 0

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal under_way, most
            frames = Frames(100_000)
            while data := await reader.read(4_096):
                for one in frames.feed(data):
                    under_way += 1
                    most = max(most, under_way)
                    await asyncio.sleep(0.05)
                    under_way -= 1
                    writer.write(frame(b"MSH|^~\\&|R\rMSA|AA|" + one.split(b"|")[9] + b"\r"))
            writer.close()

        async def opened(*where: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            nonlocal open_now
            if open_now == lets_in:
                raise ConnectionRefusedError
            open_now += 1
            return await connect(*where)

        connect = asyncio.open_connection
        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel, one = Pcd04(), Recipient("m", Channel.PCD04, Audience.MACHINE, address=address, connections=4)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(asyncio, "open_connection", opened)
            answers = []
            for _ in range(2):
                every = (channel.send(one, msgspec.structs.replace(call, id=f"{number}")) for number in range(4))
                answers += await asyncio.gather(*every)
        await channel.close()
        server.close()
        await asyncio.sleep(0.1)
        return answers, most

    answers, most = asyncio.run(story())

    assert all(answer.ok for answer in answers) and most == at_once


@pytest.mark.parametrize("closes", [True, False])
def test_a_receiver_that_lets_in_more_than_it_serves_gets_all_over_what_it_serves(call, closes: bool, monkeypatch):
    """It closes what comes beside the first connection at once, or leaves it in its backlog without a word."""
    monkeypatch.setattr(pcd04, "WITHIN_S", 0.5)

    async def story() -> list[list[bool]]:
        served = asyncio.Lock()

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if closes and served.locked():
                writer.close()
                return
            async with served:
                frames = Frames(100_000)
                with contextlib.suppress(ConnectionError):
                    while data := await reader.read(4_096):
                        for one in frames.feed(data):
                            await asyncio.sleep(0.02)
                            writer.write(frame(b"MSH|^~\\&|R\rMSA|AA|" + one.split(b"|")[9] + b"\r"))
                writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel, one = Pcd04(), Recipient("m", Channel.PCD04, Audience.MACHINE, address=address, connections=4)
        said = []
        for turn in range(3):
            every = [msgspec.structs.replace(call, id=f"{turn}-{number}") for number in range(4)]
            said.append([answer.ok for answer in await asyncio.gather(*(channel.send(one, it) for it in every))])
        await channel.close()
        server.close()
        await asyncio.sleep(0.1)
        return said

    first, *others = asyncio.run(story())

    assert others == [[True] * 4] * 2
    assert all(first) if closes else first == [True, False, False, False]


def test_a_receiver_that_answered_nobody_says_nothing_of_how_many_it_serves(call, monkeypatch):
    """Four at once, all unanswered: once it answers again there are four again."""
    monkeypatch.setattr(pcd04, "WITHIN_S", 0.2)

    async def story() -> tuple[list[bool], int]:
        hangs, under_way, most = True, 0, 0

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal under_way, most
            frames = Frames(100_000)
            while data := await reader.read(4_096):
                for one in [] if hangs else frames.feed(data):
                    under_way += 1
                    most = max(most, under_way)
                    await asyncio.sleep(0.05)
                    under_way -= 1
                    writer.write(frame(b"MSH|^~\\&|R\rMSA|AA|" + one.split(b"|")[9] + b"\r"))
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel, one = Pcd04(), Recipient("m", Channel.PCD04, Audience.MACHINE, address=address, connections=4)
        every = [msgspec.structs.replace(call, id=f"{number}") for number in range(4)]
        said = [answer.ok for answer in await asyncio.gather(*(channel.send(one, it) for it in every))]
        hangs = False
        said += [answer.ok for answer in await asyncio.gather(*(channel.send(one, it) for it in every))]
        await channel.close()
        server.close()
        await asyncio.sleep(0.1)
        return said, most

    assert asyncio.run(story()) == ([False] * 4 + [True] * 4, 4)


def test_after_a_failure_all_connections_are_opened_again(call):
    """Others at rest may be as dead as the one that did not answer."""

    async def story() -> list[bool]:
        silent = False

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            dead, frames = silent, Frames(100_000)
            while data := await reader.read(4_096):
                for one in frames.feed(data):
                    if silent and not dead:
                        writer.close()
                        continue
                    await asyncio.sleep(0.02)
                    writer.write(frame(b"MSH|^~\\&|R\rMSA|AA|" + one.split(b"|")[9] + b"\r"))
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel, one = Pcd04(), Recipient("m", Channel.PCD04, Audience.MACHINE, address=address, connections=4)
        await asyncio.gather(*(channel.send(one, call) for _ in range(4)))
        silent = True
        said = [(await channel.send(one, call)).ok for _ in range(2)]
        await channel.close()
        server.close()
        await asyncio.sleep(0.1)
        return said

    assert asyncio.run(story()) == [False, True]


def test_after_a_minute_without_a_fault_one_connection_more_is_tried_and_ever_more_seldom_while_it_is_refused(call):
    """Two are let in, later three, then all: how many there are at once at each time."""

    async def story() -> list[int]:
        now_s, lets_in, open_now, under_way, most = 0.0, 2, 0, 0, 0

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal under_way, most, open_now
            frames = Frames(100_000)
            while data := await reader.read(4_096):
                for one in frames.feed(data):
                    under_way += 1
                    most = max(most, under_way)
                    await asyncio.sleep(0.02)
                    under_way -= 1
                    writer.write(frame(b"MSH|^~\\&|R\rMSA|AA|" + one.split(b"|")[9] + b"\r"))
            writer.close()

        async def opened(*where: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            nonlocal open_now
            if open_now == lets_in:
                raise ConnectionRefusedError
            open_now += 1
            return await connect(*where)

        connect = asyncio.open_connection
        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel = Pcd04(clock=lambda: now_s)
        one = Recipient("m", Channel.PCD04, Audience.MACHINE, address=address, connections=4)
        seen = []
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(asyncio, "open_connection", opened)
            for at in ((0, 2), (59, 4), (60, 2), (120, 4), (179, 4), (180, 3), (299, 3), (300, 4), (540, 4)):
                now_s, lets_in = at
                most = 0
                every = (channel.send(one, msgspec.structs.replace(call, id=f"{number}")) for number in range(4))
                assert all(answer.ok for answer in await asyncio.gather(*every))
                seen.append(most)
        await channel.close()
        server.close()
        await asyncio.sleep(0.1)
        return seen

    # 60: refused, so 120 s until the next; 180: one more; 300: the fourth
    assert asyncio.run(story()) == [2, 2, 2, 2, 2, 3, 3, 4, 4]
