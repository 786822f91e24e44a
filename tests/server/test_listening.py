"""Recordings and supervisors in calls over the API: the list, the sound, the orders, and who may."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from console.domain.address import Address
from console.domain.errors import Refused
from console.domain.events import InteractionArrived, RecordingEnded, RecordingStarted
from tests.server.asking import CLOCK, told

PATH = "/api/v1/recordings"


async def test_recordings_are_listed_and_fetched(running: Any, tmp_path: Path) -> None:
    interaction, recording = CLOCK.new_id(), CLOCK.new_id()
    about: dict[str, Any] = {"interaction": interaction, "recording": recording}
    began = CLOCK.now()
    await running.centre.ledger.append(
        [
            InteractionArrived(
                id=CLOCK.new_id(),
                at=began,
                interaction=interaction,
                customer=Address("sip:+4930@x.example", "Größe"),
                called="100",
            ),
            RecordingStarted(id=CLOCK.new_id(), at=began, queue="sales", agent="anna", by="anna", **about),
            RecordingEnded(id=CLOCK.new_id(), at=CLOCK.now(), file=f"{recording}.wav", seconds=4.5, **about),
        ]
    )
    (row,) = (await running.ask("sue", "GET", PATH)).json()["rows"]
    assert (row["recording"], row["queue"], row["agent"], row["by"]) == (
        str(recording),
        "sales",
        "anna",
        "anna",
    )
    assert (row["customer_name"], row["seconds"], row["kept"]) == ("Größe", 4.5, False)
    address = f"{PATH}/{recording}/sound"
    told(await running.ask("sue", "GET", address), 404)
    running.centre.supervision.listening.folder = tmp_path
    await asyncio.to_thread((tmp_path / f"{recording}.wav").write_bytes, b"RIFF sound")
    answer = await running.ask("sue", "GET", address)
    assert (answer.status_code, answer.content) == (200, b"RIFF sound")
    assert answer.headers["cache-control"] == "private, no-store"
    told(await running.ask("anna", "GET", address), 403)
    told(await running.ask("anna", "GET", PATH), 403)


async def test_orders_reach_the_centre_with_who_gave_them(running: Any) -> None:
    supervision = running.centre.supervision
    call = f"/api/v1/interactions/{supervision.known}"
    listening = f"/api/v1/monitorings/{supervision.listening.view.monitoring}"
    asked = [
        ("POST", f"{call}/recording", {"order": "pause"}, 202),
        ("POST", f"{call}/monitor", {"mode": "whisper", "contact": "sip:sue@10.0.0.7"}, 202),
        ("POST", listening, {"mode": "barge"}, 202),
        ("DELETE", listening, None, 204),
    ]
    for method, path, body, status in asked:
        more = {"json": body} if body else {}
        told(await running.ask("anna", method, path, **more), 403)
        assert (await running.ask("sue", method, path, **more)).status_code == status
    assert [order[0] for order in supervision.listening.orders] == ["sue"] * 4
    assert [order[2] for order in supervision.listening.orders] == ["pause", "whisper", "barge", "end"]
    (view,) = (await running.ask("sue", "GET", "/api/v1/monitorings")).json()
    assert (view["supervisor"], view["agent"], view["mode"], view["since"]) == ("sue", "anna", "listen", None)


@pytest.mark.parametrize(
    ("path", "body"), [("recording", {"order": "start"}), ("monitor", {}), ("recording", {"order": "rewind"})]
)
async def test_what_cannot_be_is_said(running: Any, path: str, body: dict[str, str]) -> None:
    supervision = running.centre.supervision
    supervision.listening.fault = Refused("This switch cannot: connect an Asterisk.")
    answer = await running.ask("sue", "POST", f"/api/v1/interactions/{supervision.known}/{path}", json=body)
    if body.get("order") == "rewind":
        told(answer, 400)
    else:
        assert "connect an Asterisk" in told(answer, 403)
