"""The desk's SIP identities in pjsua2: listeners, contacts, and registering with back-off. Engine thread
only.
"""

import random
from contextlib import suppress
from typing import Any, Protocol

import pjsua2 as pj

from console.telephony.engine import (
    Account,
    AccountState,
    CertificateFault,
    EngineEvent,
    EngineSettings,
    Transport,
)
from console.telephony.gate import admit, named_addresses, open_to_all
from console.telephony.message import user_of
from console.telephony.pjsua_desk import guarded
from console.telephony.pjsua_setup import account_config, nobody_config, transport_config

FIRST_RETRY_S = 2.0
REFUSED_RETRY_S = 30.0  # a wrong password does not get better by asking often; registrars lock out who does
LAST_RETRY_S = 300.0
RECONNECT_S = 1.0  # after a lost connection; not all phones in the same moment
_KINDS = {
    Transport.UDP: pj.PJSIP_TRANSPORT_UDP,
    Transport.TCP: pj.PJSIP_TRANSPORT_TCP,
    Transport.TLS: pj.PJSIP_TRANSPORT_TLS,
}


_UNTRUSTED = (
    pj.PJ_SSL_CERT_EUNTRUSTED
    | pj.PJ_SSL_CERT_EISSUER_NOT_FOUND
    | pj.PJ_SSL_CERT_EISSUER_MISMATCH
    | pj.PJ_SSL_CERT_ECHAIN_TOO_LONG
    | pj.PJ_SSL_CERT_EREVOKED
    | pj.PJ_SSL_CERT_EWEAK_SIGNATURE
)


class Reception(Protocol):
    """Who the accounts tell of what comes in."""

    def emit(self, event: EngineEvent) -> None:
        """Tell an event."""

    def now(self) -> float:
        """Monotonic seconds."""

    def on_invite(self, account: "DeskAccount", call_id: int, source: str) -> None:
        """The INVITE that an account was just chosen for has a call now."""

    def registrar_moved(self) -> None:
        """A registrar answered from an address that it had not before."""


class DeskAccount(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """One identity of ours."""

    def __init__(self, reception: Reception, account: Account) -> None:
        """`account` is what it was made from; one without a key is nobody's."""
        super().__init__()
        self.strangers = not account.key
        self.settings = account
        self.retry_at = 0.0
        self.registered = False
        self.leaving = False
        self.registrar_at = ""  # the address from which the registrar answered
        self.certificate = CertificateFault.NONE  # of the connection that failed last
        self._failures = 0
        self._reception = reception

    @property
    def rung_as(self) -> str:
        """The user that a request must name to ring here."""
        return self.settings.contact_user or user_of(self.settings.uri)

    @guarded
    def onIncomingCall(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """An INVITE came in."""
        self._reception.on_invite(self, parameters.callId, parameters.rdata.srcAddress)

    @guarded
    def onRegState(self, parameters: Any) -> None:  # noqa: N802  # pjsua2's name
        """A registration attempt ended: tell it, and plan the next if it failed."""
        now = self._reception.now()
        code = parameters.code
        good = 200 <= code < 300
        if good or self.leaving:
            self._failures = 0
            self.retry_at = 0.0
        else:
            self.retry_at = now + retry_after(self._failures, code)
            self._failures += 1
        expires = max(0, parameters.expiration) if good else 0
        if expires > 1_000_000:  # PJSIP_EXPIRES_NOT_SPECIFIED: this was the unregistering
            expires = 0
        self.registered = expires > 0
        if self.registered:
            self._note_registrar(parameters.rdata.srcAddress.rpartition(":")[0])
        reason = parameters.reason
        unanswered = code == 408 and not parameters.rdata.wholeMsg
        self._reception.emit(
            AccountState(
                at=now,
                account=self.settings.key,
                code=0 if unanswered else code,
                reason=reason,
                expires_s=expires,
                certificate=CertificateFault.NONE if good else self.certificate,
            )
        )

    def change(self, account: Account, config: Any) -> None:
        """Be `account` from now on; a registration that stays where it is has no gap.

        pjsua2 takes a registration back and makes another when a password changes, both in the same moment,
        and a registrar may well hear of them the other way round: Asterisk did every fifth time, and the
        phone could not be called until its next refresh. While a refresh of ours is under way it cannot send
        the first of the two.
        """
        if self.registered and _registration(account) == _registration(self.settings):
            with suppress(pj.Error):  # it is under way already
                self.setRegistration(True)
        no_more = bool(self.settings.registrar) and not account.registrar
        self.settings = account
        self.modify(config)
        if account.registrar and not self.registered:
            with suppress(pj.Error):  # it did so by itself: something changed
                self.setRegistration(True)
        if no_more:  # pjsua2 takes it back, and tells nothing of it
            self.registered, self.retry_at = False, 0.0
            self._reception.emit(
                AccountState(
                    at=self._reception.now(), account=account.key, code=200, reason="OK", expires_s=0
                )
            )

    def connection_ended(self, now: float) -> None:
        """Register again soon if that was by this connection: the registrar may not reach us any more."""
        if self.registered and not self.leaving and not self.retry_at:
            self.retry_at = now + RECONNECT_S * random.uniform(0.2, 1.0)

    def _note_registrar(self, address: str) -> None:
        if address != self.registrar_at:
            self.registrar_at = address
            self._reception.registrar_moved()


def _registration(account: Account) -> tuple[str, ...]:
    """What tells one registration from another."""
    return account.registrar, account.uri, account.transport, account.contact_user


def retry_after(failures: int, code: int) -> float:
    """Seconds to wait after the (failures+1)th failed attempt: doubling from 2 (30 when refused) to 300,
    with jitter.
    """
    first = REFUSED_RETRY_S if 400 <= code < 500 and code != 408 else FIRST_RETRY_S
    return float(min(LAST_RETRY_S, first * 2 ** min(failures, 10)) * random.uniform(0.8, 1.2))


def certificate_fault(doubts: int) -> CertificateFault:
    """What to tell of pjsua2's bits about a certificate: the worst."""
    if doubts & _UNTRUSTED:
        return CertificateFault.UNTRUSTED
    if doubts & pj.PJ_SSL_CERT_EIDENTITY_NOT_MATCH:
        return CertificateFault.NAME
    if doubts & pj.PJ_SSL_CERT_EVALIDITY_PERIOD:
        return CertificateFault.EXPIRED
    return CertificateFault.UNTRUSTED if doubts else CertificateFault.NONE


class Accounts:
    """All identities, and the listeners they are reached at."""

    def __init__(self, reception: Reception, endpoint: pj.Endpoint, settings: EngineSettings) -> None:
        """Listens nowhere yet."""
        self._reception = reception
        self._endpoint = endpoint
        self._settings = settings
        self._transports: dict[Transport, int] = {}
        self._by_key: dict[str, DeskAccount] = {}
        self._rung_as: dict[str, int] = {}
        self._nobody: DeskAccount | None = None
        self.nobody = -1

    def listen(self, kind: Transport, port: int) -> None:
        """Open a listener; raises pj.Error when the port is in use."""
        config = transport_config(self._settings, port)
        self._transports[kind] = self._endpoint.transportCreate(_KINDS[kind], config)
        self.guard()

    def guard(self) -> None:
        """Let only the hosts of our accounts connect to our TCP and TLS listeners."""
        known = self._by_key.values()
        addresses = {account.registrar_at for account in known} - {""}
        addresses = addresses.union(*(named_addresses(account.settings) for account in known))
        for kind in (Transport.TCP, Transport.TLS):
            if kind in self._transports:
                free = any(a.settings.transport is kind and open_to_all(a.settings) for a in known)
                admit(self._local(kind), None if free else addresses)

    def welcome_strangers(self) -> None:
        """Have an account that takes what is for none of ours, so that we can refuse it in our own way."""
        self._nobody = DeskAccount(self._reception, Account(key="", uri=""))
        self._nobody.create(nobody_config(self.address(Transport.UDP)))
        self._nobody.setDefault()
        self.nobody = self._nobody.getId()

    def port(self, kind: Transport) -> int:
        """Where a kind of transport listens; 0 when it does not."""
        return int(self._local(kind).rpartition(":")[2] or 0)

    def address(self, kind: Transport) -> str:
        """`host:port` to give to others for reaching us, "" when there is no such listener."""
        if kind not in self._transports:
            return ""
        return str(self._endpoint.transportGetInfo(self._transports[kind]).localName)

    def _local(self, kind: Transport) -> str:
        if kind not in self._transports:
            return ""
        return str(self._endpoint.transportGetInfo(self._transports[kind]).localAddress)

    def add(self, account: Account) -> None:
        """Add an account, or change the one of the same key without touching its calls."""
        if account.transport is Transport.TLS and Transport.TLS not in self._transports:
            self.listen(Transport.TLS, self._settings.tls_port)
        known = self._by_key.get(account.key)
        if known is None:
            self._by_key[account.key] = self._made(account)
        else:
            known.change(account, self._config(account))
        self._index()

    def remove(self, key: str) -> None:
        """Unregister and forget."""
        known = self._by_key.pop(key, None)
        if known is not None:
            known.shutdown()
        self._index()

    def get(self, key: str) -> DeskAccount | None:
        """The account of a key."""
        return self._by_key.get(key)

    def knows(self, user: str) -> bool:
        """Whether a request for `user` is for one of ours."""
        return user in self._rung_as

    def rung_by(self, user: str) -> DeskAccount | None:
        """Our account that a request for `user` is for."""
        return next((one for one in self._by_key.values() if one.rung_as == user), None)

    def receiver(self, user: str) -> int:
        """pjsua2's number of the account that an INVITE for `user` is for; nobody's for a stranger's."""
        return self._rung_as.get(user, self.nobody)

    def _index(self) -> None:
        self.guard()
        self._rung_as = {account.rung_as: account.getId() for account in self._by_key.values()}

    def tick(self, now: float) -> None:
        """Register again where it is time to."""
        for account in self._by_key.values():
            if account.retry_at and now >= account.retry_at:
                account.retry_at = 0.0
                account.setRegistration(True)

    def connection_ended(self, kind: str, doubts: int) -> None:
        """A connection of a kind of transport is over, perhaps for what its certificate was."""
        if kind == "UDP":
            return
        for account in self._by_key.values():
            if account.settings.registrar and account.settings.transport == kind.lower():
                account.certificate = certificate_fault(doubts)
                account.connection_ended(self._reception.now())

    def unregister(self) -> None:
        """Begin to unregister all."""
        for account in self._by_key.values():
            account.leaving = True
            account.retry_at = 0.0
            if account.registered:
                account.setRegistration(False)

    @property
    def registered(self) -> bool:
        """Whether a registrar still holds a contact of ours."""
        return any(account.registered for account in self._by_key.values())

    def renew(self) -> None:
        """Give our contacts anew, with the addresses that we have now."""
        for account in self._by_key.values():
            account.modify(self._config(account.settings))

    def close(self) -> None:
        """Unregister and drop all."""
        for account in (*self._by_key.values(), *filter(None, (self._nobody,))):
            account.shutdown()
        self._by_key.clear()
        self._nobody = None

    def _made(self, account: Account) -> DeskAccount:
        made = DeskAccount(self._reception, account)
        made.create(self._config(account))
        return made

    def _config(self, account: Account) -> pj.AccountConfig:
        contact = ""
        address = self.address(account.transport)
        if account.contact_user and address:
            suffix = "" if account.transport is Transport.UDP else f";transport={account.transport}"
            contact = f"sip:{account.contact_user}@{address}{suffix}"
        return account_config(account, self._settings, contact)
