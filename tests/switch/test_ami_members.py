"""Names of queues and members, ours and Asterisk's; who is ready by all queues together."""

from datetime import UTC, datetime

from console.domain.events import AgentBecameReady, AgentEvent, AgentPaused, AgentSignedIn, AgentSignedOut
from console.switch.ami import AmiEvent
from console.switch.ami_members import Names, Presence, Staff, Watched

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
FREEPBX = Watched(
    every=False,
    queues={"support": "400"},
    agents={"ada": "1001"},
    interface="Local/{extension}@from-queue/n",
    state="hint:{extension}@ext-local",
)


def member(queue: str, interface: str, name: str, paused: str = "") -> AmiEvent:
    return {
        "Queue": queue,
        "Interface": interface,
        "MemberName": name,
        "Paused": "1" if paused else "0",
        "PausedReason": paused,
    }


def test_members_as_a_freepbx_makes_them_have_our_names() -> None:
    names = Names(FREEPBX)
    assert names.learn(member("400", "Local/1001@from-queue/n", "Ada Lovelace")) == "ada"
    assert names.learn(member("400", "Local/1002@from-queue/n", "Grace Hopper")) == "1002"
    assert names.agents["Grace Hopper"] == "1002"  # queue_log calls members by their names
    assert names.learn(member("400", "PJSIP/trunk/0301", "Outside")) == "Outside"
    assert names.interface("ada") == "Local/1001@from-queue/n"
    assert names.state("ada") == "hint:1001@ext-local"
    assert (names.theirs("support"), names.theirs("sales")) == ("400", "sales")
    assert names.watches("400")
    assert not names.watches("500")


class Told:
    """What a staff tells."""

    def __init__(self) -> None:
        self.facts: list[AgentEvent] = []
        self.shown: list[tuple[str, str, tuple[str, ...]]] = []
        self.staff = Staff(Names(Watched()), self.facts.append, lambda *found: self.shown.append(found))

    def kinds(self) -> list[type]:
        kinds: list[type] = [type(one) for one in self.facts]
        self.facts.clear()
        return kinds


def test_ready_in_one_queue_is_ready_and_paused_in_all_is_paused() -> None:
    told = Told()
    told.staff.one(member("a", "PJSIP/7", "Ada"), AT, gone=False)
    told.staff.one(member("b", "PJSIP/7", "Ada"), AT, gone=False)
    assert told.kinds() == [AgentSignedIn, AgentBecameReady]
    assert told.shown == [("7", "Ada", ("a",)), ("7", "Ada", ("a", "b"))]
    told.staff.one(member("a", "PJSIP/7", "Ada", "Lunch"), AT, gone=False)
    assert told.kinds() == []
    told.staff.one(member("b", "PJSIP/7", "Ada", "Lunch"), AT, gone=False)
    assert told.kinds() == [AgentPaused]
    assert told.staff.interfaces("7") == {"PJSIP/7": ["a", "b"]}
    told.staff.one(member("a", "PJSIP/7", "Ada"), AT, gone=True)
    assert told.kinds() == []
    told.staff.one(member("b", "PJSIP/7", "Ada"), AT, gone=True)
    assert told.kinds() == [AgentSignedOut]


def test_after_a_gap_only_what_changed_is_told() -> None:
    told = Told()
    told.staff.recall({"7": Presence(), "8": Presence(paused=True, reason="Lunch"), "9": Presence()})
    there = [member("a", "PJSIP/7", "Ada"), member("a", "PJSIP/8", "Bea"), member("a", "PJSIP/5", "Eve")]
    told.staff.come(there, AT)
    assert {one.agent for one in told.facts} == {"5"}
    assert told.kinds() == [AgentSignedIn, AgentBecameReady]
    told.staff.settle(AT)
    assert [(type(one), one.agent) for one in told.facts] == [
        (AgentBecameReady, "8"),
        (AgentSignedOut, "9"),
    ]
