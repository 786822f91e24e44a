"""What supervisors ask for over HTTP, of a real centre on loopback: answers, refusals, files."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from console.domain.errors import (
    BadInput,
    CallboardError,
    EnvironmentFault,
    NetworkError,
    NotThere,
    Refused,
    TooLate,
)
from console.domain.events import MonitoringMode
from console.domain.interaction import Phase
from console.domain.queue import Channel
from console.routing.explain import Candidate, Decision, Excluded
from console.routing.reasons import Obstacle, Reason
from console.sync.request import Request
from console.sync.supervision import Supervision
from console.wire import InteractionView, MonitoringView
from tests.sync.rooms import Rooms
from tests.sync.small_centre import SmallCentre

WHO = UUID(int=7)
PATH = f"/api/v1/interactions/{WHO}"
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROW = InteractionView(
    interaction=WHO, channel=Channel.VOICE, phase=Phase.WAITING, customer="sip:+4930@x.example",
    customer_name="", queue="sales", queue_name="Sales", place=1, arrived_at=AT, waiting_since=AT, skills=(),
    tier=0, priority=0, value=0, wanted="", wanted_until=None, pulled="", expected_s=None, callback=False,
    tries=0, not_before=None, ringing=(), agent="",
)  # fmt: skip


@pytest.fixture
async def supervision(centre: SmallCentre, rooms: Rooms) -> Supervision:
    await rooms.online(centre, "sven", "hidden")
    return Supervision(rooms.link)


async def test_all_that_is_open_is_listed(centre: SmallCentre, supervision: Supervision) -> None:
    centre.answers["GET", "/api/v1/interactions"] = 200, msgspec.json.encode([ROW])
    assert await supervision.interactions() == [ROW]


async def test_orders_say_what_is_wanted_and_bring_the_view_back(
    centre: SmallCentre, supervision: Supervision
) -> None:
    for order in ("move", "priority", "pull"):
        centre.answers["POST", f"{PATH}/{order}"] = 200, msgspec.json.encode(ROW)
    assert await supervision.move(WHO, "billing") == ROW
    assert await supervision.prioritise(WHO, -3) == ROW
    assert await supervision.pull(WHO, "anna") == ROW
    assert [(path, msgspec.json.decode(body)) for _, path, _, body in centre.asked] == [
        (f"{PATH}/move", {"queue": "billing"}),
        (f"{PATH}/priority", {"priority": -3}),
        (f"{PATH}/pull", {"agent": "anna"}),
    ]


async def test_orders_about_listening_go_where_they_belong(
    centre: SmallCentre, supervision: Supervision
) -> None:
    view = MonitoringView(
        monitoring=UUID(int=8), interaction=WHO, supervisor="sven", agent="ana", mode=MonitoringMode.WHISPER
    )
    one = f"/api/v1/monitorings/{view.monitoring}"
    for method, path in (("POST", f"{PATH}/monitor"), ("POST", one)):
        centre.answers[method, path] = 202, msgspec.json.encode(view)
    centre.answers["GET", "/api/v1/monitorings"] = 200, msgspec.json.encode([view])
    centre.answers["DELETE", one] = 204, b""
    assert await supervision.monitor(WHO, MonitoringMode.WHISPER, "sip:sven@10.0.0.7") == view
    assert await supervision.monitorings() == [view]
    assert await supervision.change_monitoring(view.monitoring, MonitoringMode.BARGE) == view
    await supervision.end_monitoring(view.monitoring)
    bodies = [(method, path, body and msgspec.json.decode(body)) for method, path, _, body in centre.asked]
    assert bodies == [
        ("POST", f"{PATH}/monitor", {"mode": "whisper", "contact": "sip:sven@10.0.0.7"}),
        ("GET", "/api/v1/monitorings", b""),
        ("POST", one, {"mode": "barge"}),
        ("DELETE", one, b""),
    ]
    centre.answers["DELETE", one] = 404, b'{"detail":"Nobody listens there (any more)."}'
    with pytest.raises(NotThere, match="Nobody listens there"):
        await supervision.end_monitoring(view.monitoring)


async def test_an_explanation_is_read_as_routing_writes_it(
    centre: SmallCentre, supervision: Supervision
) -> None:
    decision = Decision(
        sequence=9, at=AT, what="StillWaits", why="still waits in sales: number 1 of 1", queue="sales",
        possible=(Candidate("a", "Ana", "free now"),),
        excluded=(Excluded("b", "Ben", (Reason(Obstacle.PAUSED, "paused (Lunch)"),)),),
    )  # fmt: skip
    centre.answers["GET", f"{PATH}/explain"] = 200, msgspec.json.encode([decision])
    (step,) = await supervision.explain(WHO)
    assert (step.at, step.what, step.why) == (decision.at, decision.what, decision.why)
    assert [(one.agent, one.name, one.claim) for one in step.possible] == [("a", "Ana", "free now")]
    assert [reason.words for reason in step.excluded[0].reasons] == ["paused (Lunch)"]


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, b'{"detail":"A priority goes from -1000 to 1000."}', BadInput, "A priority goes"),
        (401, b"", Refused, "Sign in again"),
        (403, b'{"detail":"Only supervisors may."}', Refused, "Only supervisors may."),
        (404, b'{"detail":"There is no queue."}', NotThere, "There is no queue."),
        (409, b'{"detail":"It does not wait any more."}', TooLate, "It does not wait any more."),
        (500, b"", NetworkError, "HTTP 500"),
        (503, b"<html>", NetworkError, "HTTP 503"),
        (404, b'{"detail":17}', NotThere, "HTTP 404"),
        (404, b"[" * 5000, NotThere, "HTTP 404"),
        (200, b'{"not":"a view"}', NetworkError, "cannot be read here"),
        (200, b"", NetworkError, "cannot be read here"),
    ],
)
async def test_what_the_centre_refuses_is_said_in_its_words(
    status: int, body: bytes, kind: type[CallboardError], words: str, centre: SmallCentre,
    supervision: Supervision,
) -> None:  # fmt: skip
    centre.answers["POST", f"{PATH}/move"] = status, body
    with pytest.raises(kind, match=words) as fault:
        await supervision.move(WHO, "billing")
    assert type(fault.value) is kind


async def test_without_a_sign_in_nothing_can_be_asked(rooms: Rooms) -> None:
    with pytest.raises(NetworkError, match="no connection to the centre"):
        await Supervision(rooms.link).interactions()


async def test_a_centre_that_is_gone_is_told_in_words(centre: SmallCentre, supervision: Supervision) -> None:
    await centre.stop()
    with pytest.raises(NetworkError, match="nothing listens there"):
        await supervision.interactions()


async def test_an_answer_without_end_is_not_taken(
    centre: SmallCentre, rooms: Rooms, supervision: Supervision
) -> None:
    centre.answers["GET", "/api/v1/long"] = 200, b"x" * 5000
    with pytest.raises(NetworkError, match="without end"):
        await rooms.link.ask(Request("GET", "/api/v1/long", most_bytes=4999))
    answer = await rooms.link.ask(Request("GET", "/api/v1/long", most_bytes=5000))
    assert len(answer.body) == 5000


# ---- figures as a file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("f"))


async def test_figures_are_written_to_a_file(
    centre: SmallCentre, supervision: Supervision, tmp_path: Path
) -> None:
    centre.answers["GET", "/api/v1/figures.csv"] = 200, b"Queue,Offered\r\nSales,3\r\n"
    file = tmp_path / "figures.csv"
    file.write_text("from before")
    await supervision.export({"dimension": "queue", "from": "2026-11-22T00:00:00+01:00"}, "csv", file)
    assert file.read_bytes() == b"Queue,Offered\r\nSales,3\r\n"
    assert centre.asked[-1][2] == "dimension=queue&from=2026-11-22T00%3A00%3A00%2B01%3A00"
    assert names(tmp_path) == ["figures.csv"]


async def test_a_refused_export_leaves_the_file_as_it_was(
    centre: SmallCentre, supervision: Supervision, tmp_path: Path
) -> None:
    centre.answers["GET", "/api/v1/figures.xlsx"] = 403, b'{"detail":"Only supervisors may."}'
    file = tmp_path / "figures.xlsx"
    file.write_bytes(b"before")
    with pytest.raises(Refused, match="Only supervisors"):
        await supervision.export({}, "xlsx", file)
    assert file.read_bytes() == b"before"


async def test_a_place_that_cannot_be_written_is_said(
    centre: SmallCentre, supervision: Supervision, tmp_path: Path
) -> None:
    centre.answers["GET", "/api/v1/figures.csv"] = 200, b"x"
    with pytest.raises(EnvironmentFault, match=r"cannot be written: .*Choose another place"):
        await supervision.export({}, "csv", tmp_path / "no such folder" / "figures.csv")
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        await supervision.export({}, "csv", folder)
    assert names(tmp_path) == ["folder.csv"]
