"""The agents' phones as endpoints of an Asterisk: each with a SIP account of its own, made over REST.

They live in Asterisk's memory (sorcery.conf maps endpoint, auth and aor to it, see `asterisk_config`): no
password is in any file of Asterisk's, a reload leaves them alone, and after a restart, which forgets them,
they are made anew with the passwords that the phones have. Contacts are kept by Asterisk itself.

Each has two passwords that are good, for two objects of one name can be told apart by nothing else: a new
one never takes the place of the one that the phone is known to have, so that a phone that has not heard of
it, or never will because its link is lost, is not turned away.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable
from hashlib import sha256

import msgspec

from console.domain.errors import NetworkError
from console.domain.events import OfferEndReason
from console.switch.ari import Ari, AriAnswer
from console.switch.asterisk_endpoints import Endpoints
from console.switch.switch import PhoneAccount, Ring

ENDPOINT = "PJSIP/"
DESK = "callboard-desk-"
"""The names of phones in Asterisk begin so."""

PATIENCE_S = 3.0
"""A phone that is not registered is waited for so long: Asterisk was restarted, or it has just signed in."""

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_DYNAMIC = "asterisk/config/dynamic/res_pjsip"
_SECRET_BYTES = 24
_SRTP: dict[str, dict[str, str]] = {
    "off": {"media_encryption": "no"},
    "optional": {"media_encryption": "sdes", "media_encryption_optimistic": "yes"},
    "required": {"media_encryption": "sdes", "media_encryption_optimistic": "no"},
}
_log = logging.getLogger(__name__)


class Phones(msgspec.Struct, frozen=True, kw_only=True):
    """How phones register: at `sip` (host:port), over `transport`, with `srtp` off, optional or required;
    `context` is where the calls go that they make.
    """

    sip: str
    transport: str = "tcp"
    srtp: str = "off"
    context: str = "callboard"


class _Kept(msgspec.Struct):
    """The passwords of one phone; the one at `newest` was given out last, that at `held` the phone has."""

    name: str
    passwords: list[str]
    newest: int
    held: int

    def __repr__(self) -> str:
        """Without the passwords."""
        return f"_Kept(name={self.name!r})"


class _Field(msgspec.Struct):
    attribute: str
    value: str


class Accounts:
    """The accounts that this centre made at one Asterisk, by agent."""

    def __init__(self, ari: Ari, phones: Phones | None) -> None:
        """Without `phones` nobody gets an account."""
        self._ari = ari
        self._phones = phones
        self._kept: dict[str, _Kept] = {}

    @property
    def registers(self) -> bool:
        """Whether there are accounts here."""
        return self._phones is not None

    def knows(self, contact: str) -> bool:
        """Whether that is one of our phones."""
        return contact.startswith(ENDPOINT + DESK) and any(
            ENDPOINT + kept.name == contact for kept in self._kept.values()
        )

    async def give(self, agent: str, password: str = "") -> PhoneAccount | None:
        """An account with a new password (or this one); the one before stays good until `settle`. One that
        is not settled yet is given again: of more than two nobody could say which the phone has.

        None when there are none here. While Asterisk is away it is made as soon as that is back. One that
        Asterisk does not take is logged, with what to do.
        """
        if self._phones is None:
            return None
        kept, fault = self._kept.get(agent), ""
        if kept is None:
            kept = await self._found(name_of(agent), password)
            self._kept[agent] = kept
            fault = await self._put(kept, {"auth0", "auth1", "aor", "endpoint"})
        elif password or kept.newest == kept.held:
            kept.newest = 1 - kept.held
            kept.passwords[kept.newest] = password or _new()
            fault = await self._put(kept, {f"auth{kept.newest}"})
        if fault:
            _log.error(
                "Asterisk at %s does not take the account of %s: %s. Have its sorcery.conf be the one that "
                "`callboardctl asterisk config` writes; then restart it.",
                self._ari.url,
                agent,
                fault,
            )
        return self._told(kept, self._phones)

    def settle(self, agent: str) -> None:
        """The phone has the newest password: from now on that alone is good."""
        kept = self._kept.get(agent)
        if kept is not None:
            kept.held = kept.newest
            kept.passwords[1 - kept.held] = _new()
            self._send(kept, {f"auth{1 - kept.held}"}, _unheard)

    def withdraw(self, agent: str) -> None:
        """No password is good from now on, until another is given."""
        kept = self._kept.get(agent)
        if kept is not None:
            kept.passwords[:] = [_new(), _new()]
            kept.newest = kept.held
            self._send(kept, {"auth0", "auth1"}, _unheard)

    def again(self) -> None:
        """Make all of them anew, in an Asterisk that may have forgotten them."""
        for kept in self._kept.values():
            self._send(kept, {"auth0", "auth1", "aor", "endpoint"}, _unheard)

    # ------------------------------------------------------------------ inside

    def _told(self, kept: _Kept, phones: Phones) -> PhoneAccount:
        host = phones.sip.rpartition(":")[0]
        return PhoneAccount(
            contact=ENDPOINT + kept.name,
            uri=f"sip:{kept.name}@{host}",
            registrar=f"sip:{phones.sip}",
            username=kept.name,
            password=kept.passwords[kept.newest],
            transport=phones.transport,
            srtp=phones.srtp,
        )

    async def _found(self, name: str, password: str) -> _Kept:
        """The passwords that a centre which died left there, for the phone has one of them; else new ones."""
        found = [await self._password(f"{name}-{place}") for place in range(2)]
        passwords = [one or _new() for one in found]
        newest = passwords.index(password) if password in passwords else 0
        passwords[newest] = password or passwords[newest]
        return _Kept(name, passwords, newest, 1 - newest)

    async def _password(self, name: str) -> str:
        if not self._ari.connected:
            return ""
        try:
            answer = await self._ari.ask("GET", f"{_DYNAMIC}/auth/{name}")
        except NetworkError:
            return ""
        if not answer.ok:
            return ""
        fields = msgspec.json.decode(answer.body, type=list[_Field])
        return next((field.value for field in fields if field.attribute == "password"), "")

    async def _put(self, kept: _Kept, which: set[str]) -> str:
        """Have objects made; what Asterisk has against it, "" for nothing."""
        if not self._ari.connected:
            return ""
        answers: list[AriAnswer] = []
        done = asyncio.Event()

        def answered(answer: AriAnswer) -> None:
            answers.append(answer)
            if len(answers) == len(which):
                done.set()

        self._send(kept, which, answered)
        await done.wait()
        refused = next((answer for answer in answers if answer.refused), None)
        return f"{refused.status} {refused.words} {refused.body}".strip() if refused is not None else ""

    def _send(self, kept: _Kept, which: set[str], answered: Callable[[AriAnswer], None]) -> None:
        for what, (path, fields) in self._objects(kept).items():
            if what in which:
                body = {"fields": [{"attribute": key, "value": value} for key, value in fields.items()]}
                self._ari.send("PUT", f"{_DYNAMIC}/{path}", body=body, answered=answered)

    def _objects(self, kept: _Kept) -> dict[str, tuple[str, dict[str, str]]]:
        """Path and fields; the endpoint is last, for it names the others."""
        name, phones = kept.name, self._phones
        assert phones is not None
        made: dict[str, tuple[str, dict[str, str]]] = {
            f"auth{place}": (
                f"auth/{name}-{place}",
                {"auth_type": "userpass", "username": name, "password": password},
            )
            for place, password in enumerate(kept.passwords)
        }
        made["aor"] = (f"aor/{name}", _AOR)
        made["endpoint"] = (
            f"endpoint/{name}",
            {
                **_ENDPOINT,
                **_SRTP[phones.srtp],
                "aors": name,
                "auth": f"{name}-0,{name}-1",
                "context": phones.context,
            },
        )
        return made


class HasAccounts:
    """What of the port `Registering` an Asterisk's accounts do."""

    accounts: Accounts

    @property
    def registers(self) -> bool:
        """Whether agents' phones have accounts here."""
        return self.accounts.registers

    async def give_account(self, agent: str) -> PhoneAccount | None:
        """An account at this Asterisk, with a new password; None when phones do not register."""
        return await self.accounts.give(agent)

    def settle_account(self, agent: str) -> None:
        """No password but the newest is good from now on."""
        self.accounts.settle(agent)

    def withdraw_account(self, agent: str) -> None:
        """No password is good from now on."""
        self.accounts.withdraw(agent)


_AOR = {
    "max_contacts": "1",
    "remove_existing": "yes",
    "maximum_expiration": "3600",
    "qualify_frequency": "30",
}
_ENDPOINT = {
    "disallow": "all",
    "allow": "g722,alaw,ulaw",
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    "dtmf_mode": "rfc4733",
    "moh_suggest": "hold-music",
    "send_pai": "no",
    "send_connected_line": "no",
    "trust_id_inbound": "no",
    "rtp_timeout": "30",
    "rtp_timeout_hold": "300",
}


class Absent:
    """Orders for phones that are not registered: each waits a little, then the desk counts as unreachable."""

    def __init__(
        self, desks: Endpoints, ring: Callable[[Ring], None], end: Callable[[Ring, OfferEndReason], None]
    ) -> None:
        """`ring` is for those who came, `end` for those who did not."""
        self._desks = desks
        self._ring = ring
        self._end = end
        self._waiting: dict[str, tuple[Ring, asyncio.TimerHandle]] = {}

    def waits(self, order: Ring) -> bool:
        """Whether its phone is not there: the order is taken care of then."""
        name = order.contact.removeprefix(ENDPOINT)
        if name in self._desks.online:
            return False
        self._drop(name)
        timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._late, name)
        self._waiting[name] = (order, timer)
        return True

    def came(self, name: str) -> None:
        """A phone is registered."""
        if (order := self._drop(name)) is not None:
            self._ring(order)

    def cancel(self, offer: object) -> bool:
        """An offer is over; False when it does not wait."""
        for name, (order, _) in self._waiting.items():
            if order.offer == offer:
                self._drop(name)
                return True
        return False

    def leave(self, interaction: object) -> None:
        """An interaction is over, or all are (None)."""
        for name, (order, _) in tuple(self._waiting.items()):
            if interaction in {None, order.interaction}:
                self._drop(name)

    def _late(self, name: str) -> None:
        if (order := self._drop(name)) is not None:
            _log.warning("the phone of %s is not registered at Asterisk as %s", order.agent, name)
            self._end(order, OfferEndReason.UNREACHABLE)

    def _drop(self, name: str) -> Ring | None:
        order, timer = self._waiting.pop(name, (None, None))
        if timer is not None:
            timer.cancel()
        return order


def name_of(agent: str) -> str:
    """What an agent's phone is called in Asterisk."""
    fits = _PLAIN.fullmatch(agent) is not None
    return DESK + (agent if fits else f"x-{sha256(agent.encode()).hexdigest()[:24]}")


def _new() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _unheard(answer: AriAnswer) -> None:
    if answer.refused:
        _log.error("Asterisk does not take an account of a phone: %s %s", answer.status, answer.words)
