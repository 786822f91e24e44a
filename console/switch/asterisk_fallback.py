"""Callers who come while no centre is there: Asterisk's own queue, who is rung for it, what its log tells.

The dialplan sends them there (see `asterisk_config`); a line of ours in the log tells who called whom (see
`queue_log`).
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from console.switch.ari import Ari, AriAnswer, Channel
from console.switch.asterisk_callers import who_calls
from console.switch.queue_log import ENDS, STARTED, entries
from console.switch.switch import Stray

MEMBERS = "callboard-members"
"""The context of the dialplan that changes who is rung."""

CAME = "CALLBOARD"
"""The event in the log with which the dialplan tells who called whom."""

_CONNECTED = "CONNECT"
_log = logging.getLogger(__name__)


class Members:
    """Who is rung for the queue that serves callers when nobody is here."""

    def __init__(self, ari: Ari, queue: str, endpoint: str) -> None:
        """`queue` "": there is none. `endpoint` is the one that SIP addresses are called by."""
        self._ari = ari
        self._queue = queue
        self._endpoint = endpoint
        self._there: dict[str, str] = {}
        self._sure = False

    def put(self, contacts: Mapping[str, str]) -> None:
        """These and nobody else. When in doubt nobody first, and these when it is asked for again: Asterisk
        does the two at the same time.
        """
        if not self._queue or not self._ari.connected:
            return
        if not self._sure:
            self._sure, self._there = True, {}
            self._do("clear")
            return
        wanted = {agent: self._interface(contact) for agent, contact in contacts.items()}
        for agent, interface in self._there.items():
            if wanted.get(agent) != interface:
                self._do("remove", interface)
        for agent, interface in wanted.items():
            if self._there.get(agent) != interface:
                self._do("add", interface, agent)
        self._there = wanted

    def doubt(self) -> None:
        """Asterisk may have others than we think."""
        self._sure = False

    def _interface(self, contact: str) -> str:
        return contact if contact.startswith("PJSIP/") else f"PJSIP/{self._endpoint}/{contact}"

    def _do(self, what: str, interface: str = "", agent: str = "") -> None:
        query = {"endpoint": f"Local/{what}@{MEMBERS}/n", "extension": "done", "context": MEMBERS}
        variables = {"CALLBOARD_MEMBER": interface, "CALLBOARD_AGENT": agent}

        def answered(answer: AriAnswer) -> None:
            if answer.refused:
                _log.warning("who is rung without a centre cannot be changed in Asterisk: %s", answer.body)

        self._ari.send("POST", "channels", query, body={"variables": variables}, answered=answered)


def strays(log: Path, queue: str, since: datetime) -> list[Stray]:
    """The calls that a queue served since then, by the queue log. Raises OSError when it cannot be read."""
    found: dict[str, Stray] = {}
    for entry in entries(log, since):
        known = found.get(entry.call)
        if entry.verb == STARTED:  # nothing outlives Asterisk
            found = {one: replace(call, ended_at=call.ended_at or entry.at) for one, call in found.items()}
        elif entry.queue != queue:
            continue
        elif entry.verb == CAME:
            customer, called = who_calls(Channel(id=entry.call), entry.data)
            key = f"{entry.call}@{int(entry.at.timestamp())}"
            found[entry.call] = Stray(key=key, customer=customer, called=called, arrived_at=entry.at)
        elif known is not None and entry.verb == _CONNECTED:
            found[entry.call] = replace(known, agent=entry.agent, answered_at=entry.at)
        elif known is not None and entry.verb in ENDS and known.ended_at is None:
            by_agent = entry.verb == "COMPLETEAGENT"
            found[entry.call] = replace(known, ended_at=entry.at, by_agent=by_agent)
    return list(found.values())
