"""The messages that customers left: the list, its pages, and the sound."""

import asyncio
from typing import Any
from uuid import UUID

from console.domain.address import Address
from console.domain.events import InteractionArrived, VoicemailLeft
from tests.server.asking import CLOCK, told

PATH = "/api/v1/voicemails"


async def left(running: Any, queue: str = "sales", file: str = "") -> UUID:
    interaction, now = CLOCK.new_id(), CLOCK.now()
    await running.centre.ledger.append(
        [
            InteractionArrived(
                id=CLOCK.new_id(),
                at=now,
                interaction=interaction,
                customer=Address("sip:+4930@x.example", "Größe"),
                called="100",
            ),
            VoicemailLeft(
                id=CLOCK.new_id(),
                at=now,
                interaction=interaction,
                queue=queue,
                file=file or f"{interaction}.wav",
                seconds=4.5,
            ),
        ]
    )
    return interaction


async def test_messages_are_listed_newest_first_page_by_page(running: Any) -> None:
    first, second, third = [await left(running, queue) for queue in ("sales", "help", "sales")]
    page = (await running.ask("sue", "GET", PATH, params={"limit": 2})).json()
    assert [row["interaction"] for row in page["rows"]] == [str(third), str(second)]
    row = page["rows"][0]
    assert (row["queue"], row["seconds"], row["kept"]) == ("sales", 4.5, False)
    assert (row["customer"], row["customer_name"]) == ("sip:+4930@x.example", "Größe")
    rest = (await running.ask("sue", "GET", PATH, params={"before": page["next"]})).json()
    assert [row["interaction"] for row in rest["rows"]] == [str(first)]
    assert rest["next"] is None
    of_help = (await running.ask("sue", "GET", PATH, params={"queue": "help"})).json()
    assert [row["interaction"] for row in of_help["rows"]] == [str(second)]
    told(await running.ask("anna", "GET", PATH), 403)


async def test_the_sound_of_a_message(running: Any) -> None:
    interaction = await left(running)
    address = f"{PATH}/{interaction}/sound"
    assert "no longer kept" in told(await running.ask("sue", "GET", address), 404)
    folder = running.centre.messages
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread((folder / f"{interaction}.wav").write_bytes, b"RIFF sound")
    answer = await running.ask("sue", "GET", address)
    assert (answer.content, answer.headers["content-type"]) == (b"RIFF sound", "audio/wav")
    assert (await running.ask("sue", "GET", PATH)).json()["rows"][0]["kept"] is True
    assert "Nobody left" in told(await running.ask("sue", "GET", f"{PATH}/{CLOCK.new_id()}/sound"), 404)


async def test_no_name_of_a_file_leads_out_of_the_folder(running: Any) -> None:
    folder = running.centre.messages
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread((folder.parent / "secret.wav").write_bytes, b"secret")
    interaction = await left(running, file="../secret.wav")
    told(await running.ask("sue", "GET", f"{PATH}/{interaction}/sound"), 404)
