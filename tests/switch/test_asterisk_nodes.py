"""Two real Asterisks as one switch: agents anywhere, and a node that dies takes only its own calls."""

import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.clock import SystemClock
from console.domain.events import EndedBy, InteractionAnswered, InteractionArrived, InteractionEnded
from console.switch.asterisk import AsteriskOptions
from console.switch.asterisk_config import pieces
from console.switch.asterisk_meanwhile import RESTARTED
from console.switch.asterisk_nodes import AsteriskNodes
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.test_asterisk import asterisk_sounds
from tests.switch.world import AGENT, CUSTOMER, MUSIC, World

pytestmark = [pytest.mark.asterisk, pytest.mark.sip]

SECRET = "between-the-nodes"
Make = Callable[[int, str], AsteriskServer]


@pytest.fixture
def make() -> AsyncIterator[Make]:
    """Makes nodes that have one desk of their own, `anna`, at a SIP address ("": none)."""
    made: list[AsteriskServer] = []

    def node(rtp: int, desk: str) -> AsteriskServer:
        folder = Path(tempfile.mkdtemp(prefix="cb-node-"))
        sounds = folder / "sounds"
        sounds.mkdir()
        asterisk_sounds(sounds)
        server = AsteriskServer(folder, sounds, rtp_first=rtp, rtp_last=rtp + 999)
        for name, text in pieces(replace(server.plan, node_secret=SECRET)).items():
            (folder / "etc" / name).write_text(text)
        if desk:
            with (folder / "etc/pjsip.conf").open("a") as file:
                file.write(f"\n[anna](callboard-endpoint)\naors=anna\n[anna]\ntype=aor\ncontact={desk}\n")
        server.start()
        made.append(server)
        return server

    yield node  # type: ignore[misc]
    for server in made:
        server.remove()


def options_of(server: AsteriskServer, name: str) -> AsteriskOptions:
    return AsteriskOptions(
        url=server.url,
        password="ari-secret",
        sounds=server.plan.sounds,
        name=name,
        sip=f"127.0.0.1:{server.sip}",
        node_secret=SECRET,
    )


class Pair:
    """Two nodes, north and south; the desk `anna` is registered in the south."""

    def __init__(self, people: World, north: AsteriskServer, south: AsteriskServer) -> None:
        self.people = people
        self.north = north
        self.south = south
        self.nodes = AsteriskNodes([options_of(north, "north"), options_of(south, "south")], SystemClock())
        people.switch = self.nodes

    def call_at(self, node: AsteriskServer) -> None:
        """The next calls arrive there."""
        self.people.udp = self.people.tcp = f"127.0.0.1:{node.sip}"


@pytest.fixture
async def pair(make: Make) -> AsyncIterator[Pair]:
    people = World(AsteriskNodes([], SystemClock()))
    agent = await people.agent()
    made = Pair(people, make(26000, ""), make(27000, agent.contact))
    await made.nodes.start(people.tell)
    await people.until(lambda: "anna" in made.nodes.nodes[1].desks.online, "the desk at its node")
    yield made
    await people.close()


async def test_an_agent_at_another_node_is_rung_there(pair: Pair) -> None:
    people = pair.people
    (agent,) = people._agents
    pair.call_at(pair.north)
    customer, interaction = await people.arrived(name="Zoë")
    offer = people.ring(interaction, "PJSIP/anna", headers={"X-Queue": "sales"})
    await people.hears(customer, AGENT)
    await people.agent_hears(agent, CUSTOMER)
    assert (await people.fact(InteractionAnswered)).offer == offer
    assert agent.calls[0].interaction == interaction
    assert agent.calls[0].headers["X-Queue"] == "sales"
    assert not any(name.lower() == "x-callboard-node" for name in agent.calls[0].headers)
    agent.hang_up()
    assert (await people.ended()).by is EndedBy.AGENT


async def test_a_node_that_dies_takes_only_its_own_calls(pair: Pair) -> None:
    people, nodes = pair.people, pair.nodes
    pair.call_at(pair.north)
    _, lost = await people.talking(await people.agent())
    pair.call_at(pair.south)
    talks, second = await people.talking(await people.agent())
    waits, third = await people.arrived()
    nodes.music(third, "hold-music")
    await people.hears(waits, MUSIC)
    pair.north.kill()
    end = await people.ended()
    assert (end.interaction, end.by, end.reason) == (lost, EndedBy.CENTRE, RESTARTED)
    await people.until(lambda: [one.connected for one in nodes.connections] == [False, True])
    await people.hears(talks, AGENT)
    await people.hears(waits, MUSIC)
    talks.hang_up()
    assert (await people.ended(2)).interaction == second
    people.ring(third, "PJSIP/anna")
    await people.hears(waits, AGENT)
    pair.north.start()
    await people.until(lambda: all(one.connected for one in nodes.connections), "both nodes")
    pair.call_at(pair.north)
    await people.arrived()
    assert len(people.of(InteractionArrived)) == 4
    assert len(people.of(InteractionEnded)) == 2
