"""A leg: one SIP dialog (RFC 3261 section 12) with its sound, from INVITE to BYE, whichever side began.

A leg knows nothing of interactions; what happens on it is told to its owner.
"""

import os
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from aiosipua import SipRequest, SipResponse
from aiosipua.dialog import Dialog

from console.domain.errors import BadInput
from console.switch import codecs, sdp
from console.switch.media import RtpPort
from console.switch.transactions import ClientTransaction, ServerTransaction, answer_to
from console.switch.ways import Ways, contact_of
from console.switch.wire import Flow

SERVER = "Callboard"


class Standing(Enum):
    """How far a leg is."""

    CALLING = "calling"
    UP = "up"
    OVER = "over"


class Owner(Protocol):
    """Who is told what happens on a leg."""

    def leg_ringing(self, leg: "Leg") -> None:
        """The called side rings."""

    def leg_answered(self, leg: "Leg") -> None:
        """The called side answered; sound can flow."""

    def leg_failed(self, leg: "Leg", code: int, reason: str) -> None:
        """The called side did not take it: a SIP status, or 0 when nothing came."""

    def leg_ended(self, leg: "Leg", reason: str) -> None:
        """It was up and is over, not by us."""

    def leg_changed(self, leg: "Leg") -> None:
        """Codec, address or direction changed."""

    def leg_may_transfer(self, leg: "Leg") -> bool:
        """Whether the other side may ask us to pass the call on."""

    def leg_transfers(self, leg: "Leg", target: str) -> None:
        """It did, and was told 202."""

    def leg_digit(self, leg: "Leg", digit: str) -> None:
        """A key was pressed."""


class Leg:
    """One call leg. Made by `Agent`; commands on a leg that is over do nothing."""

    def __init__(self, ways: Ways, dialog: Dialog, port: RtpPort, owner: Owner) -> None:
        self.dialog = dialog
        self.port = port
        self.owner = owner
        self.standing = Standing.CALLING
        self.remote: sdp.Remote | None = None
        self.signalling = ""
        self.shown = ""
        self._ways = ways
        self._session = int.from_bytes(os.urandom(4), "big")
        self._version = 0
        self._invite: ClientTransaction | None = None
        self._unacked: ServerTransaction | None = None
        self._offered: tuple[str, ...] = ()
        self._bye_waits = False
        self._withdrawn = False
        port.on_digit = lambda digit: self.owner.leg_digit(self, digit)

    @property
    def holding(self) -> bool:
        """The other side holds us."""
        return self.remote is not None and self.remote.holds

    # ------------------------------------------------------------------ they called us

    def accept(self, transaction: ServerTransaction) -> None:
        """Answer an INVITE with 200.

        Raises BadInput or NoCommonCodec when its session description does not fit.
        """
        body = transaction.request.body
        if body:
            self._take_remote(sdp.read(transaction.request.text, self._ways.codecs))
        self.standing = Standing.UP
        self._ok(transaction)

    def _ok(self, transaction: ServerTransaction) -> None:
        """A 200 with our answer, or with our offer when theirs had none (the answer is then in the ACK)."""
        response = self._response(transaction, 200, "OK")
        self._version += 1
        if transaction.request.body and self.remote is not None:
            response.text = sdp.answer(self._address(), self.remote, self._session, self._version)
        else:
            self._offered = self._ways.codecs
            response.text = sdp.offer(self._address(), self._offered, self._session, self._version)
        response.headers.set_single("Content-Type", "application/sdp")
        if transaction.request.method == "INVITE":
            self._unacked = transaction
        transaction.respond(response, self._never_acknowledged)

    def discard(self) -> None:
        """It was never accepted."""
        self._close()

    def _never_acknowledged(self) -> None:
        if self.standing is Standing.UP:
            self._unacked = None
            self.hang_up()
            self.owner.leg_ended(self, "no acknowledgement")

    # ------------------------------------------------------------------ we call them

    def call(self, codecs: tuple[str, ...], headers: dict[str, str]) -> None:
        """Send the INVITE to the dialog's remote target, with these codecs in this order."""
        self._offered = codecs
        self._ways.find(self.dialog.remote_target, lambda flow: self._invited(flow, headers))

    def _invited(self, flow: Flow | None, headers: dict[str, str]) -> None:
        if self._withdrawn or self.standing is not Standing.CALLING:
            return
        if flow is None:
            self._failed(0, "address not found")
            return
        self._ways.know(self, flow)
        invite = self._request("INVITE")
        self._version += 1
        for name, value in headers.items():
            invite.headers.set_single(name, value)
        invite.text = sdp.offer(self._address(), self._offered, self._session, self._version)
        invite.headers.set_single("Content-Type", "application/sdp")
        self._invite = self._ways.send(self.dialog, invite, self._heard, self._unheard)
        self.signalling = self._invite.flow.peer[0]

    def withdraw(self, headers: dict[str, str] | None = None) -> None:
        """Take our call back; an answer that crosses it is acknowledged and ended at once."""
        self._withdrawn = True
        if self._invite is not None:
            self._invite.cancel(headers)
        else:
            self._close()

    def _heard(self, response: SipResponse) -> None:
        code = response.status_code
        to = response.to_addr
        tag = (to.tag if to else None) or ""
        if code < 200:
            if code in {180, 183} and not self._withdrawn:
                self._sounds_early(response)
                self.owner.leg_ringing(self)
        elif code < 300:
            self._accepted(response, tag)
        else:
            self._failed(code, response.reason_phrase)

    def _sounds_early(self, response: SipResponse) -> None:
        """A session before the answer (RFC 3960). One that does not fit is no reason to end the ringing."""
        if response.body:
            try:
                self._take_remote(sdp.read(response.text, self._offered))
            except BadInput:
                self._ways.metrics["sip_early_sdp_bad"] += 1

    def _accepted(self, response: SipResponse, tag: str) -> None:
        if self.dialog.remote_tag and tag != self.dialog.remote_tag:
            self._end_fork(response, tag)
            return
        first = not self.dialog.remote_tag
        self.dialog.remote_tag = tag
        if first:
            self.dialog.remote_target = contact_of(response) or self.dialog.remote_target
            self.dialog.route_set = list(reversed(response.headers.get("record-route")))
        self._acknowledge(response, self.dialog)
        if not first:
            return
        self.standing = Standing.UP
        if self._withdrawn:
            self.hang_up()
            return
        try:
            if response.body or self.remote is None:  # some gateways say it once, with the 183
                self._take_remote(sdp.read(response.text, self._offered))
        except BadInput as fault:
            self.hang_up()
            self.owner.leg_failed(self, 488, str(fault))
            return
        self.owner.leg_answered(self)

    def _end_fork(self, response: SipResponse, tag: str) -> None:
        """A proxy let two phones answer: the second is acknowledged and ended (RFC 3261 13.2.2.4)."""
        first = self.dialog
        fork = Dialog(
            first.call_id, first.local_tag, tag, first.local_uri, first.remote_uri, first.remote_target
        )
        fork.remote_target = contact_of(response) or first.remote_target
        fork.local_cseq = first.local_cseq
        self._acknowledge(response, fork)
        self._ways.send(fork, self._ways.request(fork, "BYE"), lambda answer: None, lambda reason: None)

    def _acknowledge(self, response: SipResponse, dialog: Dialog) -> None:
        number = (response.headers.get_first("cseq") or "1").partition(" ")[0]
        counted = dialog.local_cseq
        ack = self._ways.request(dialog, "ACK")
        dialog.local_cseq = counted
        ack.headers.set_single("CSeq", f"{number} ACK")
        self._ways.send_ack(dialog, ack)

    def _unheard(self, reason: str) -> None:
        self._failed(0, reason)

    def _failed(self, code: int, reason: str) -> None:
        if self.standing is Standing.OVER:
            return
        withdrawn = self._withdrawn
        self._close()
        if not withdrawn:
            self.owner.leg_failed(self, code, reason)

    # ------------------------------------------------------------------ while it is up

    def hang_up(self) -> None:
        """End it: BYE, after the ACK when that has not come yet (RFC 3261 15); CANCEL while it rings."""
        if self.standing is Standing.CALLING:
            self.withdraw()
        elif self.standing is Standing.UP:
            if self._unacked is not None:
                self._bye_waits = True
                self.port.close()
                return
            self._bye()

    def _bye(self) -> None:
        bye = self._request("BYE")
        self._ways.send(self.dialog, bye, lambda response: None, lambda reason: None)
        self._close()

    def notify(self, code: int, phrase: str, done: Callable[[], None]) -> None:
        """Tell how the transfer that they asked for went (RFC 3515 2.4.4), as the last word.

        `done` when heard.
        """
        request = self._request("NOTIFY")
        request.headers.set_single("Event", "refer")
        request.headers.set_single("Subscription-State", "terminated;reason=noresource")
        request.headers.set_single("Content-Type", "message/sipfrag;version=2.0")
        request.text = f"SIP/2.0 {code} {phrase}\r\n"
        self._ways.send(self.dialog, request, lambda response: done(), lambda reason: done())

    def take(self, request: SipRequest, transaction: ServerTransaction | None) -> None:
        """A request within the dialog came in."""
        if transaction is None:
            self._acked(request)
            return
        number = int((request.headers.get_first("cseq") or "0").partition(" ")[0])
        if self.dialog.remote_cseq and number <= self.dialog.remote_cseq:
            self._answer(transaction, 500, "CSeq Out Of Order")
            return
        self.dialog.remote_cseq = number
        handlers: dict[str, Callable[[ServerTransaction], None]] = {
            "INVITE": self._renegotiate,
            "UPDATE": self._renegotiate,
            "BYE": self._ended_by_them,
            "REFER": self._referred,
            "INFO": self._informed,
        }
        handlers.get(request.method, self._agreed)(transaction)

    def _agreed(self, transaction: ServerTransaction) -> None:
        self._answer(transaction, 200, "OK")

    def _acked(self, request: SipRequest) -> None:
        transaction, self._unacked = self._unacked, None
        if transaction is None:
            return
        transaction.acknowledged()
        if self._bye_waits:
            self._bye()
        elif request.body and self.remote is None:
            try:
                self._take_remote(sdp.read(request.text, self._offered))
            except BadInput:
                self.hang_up()
                self.owner.leg_ended(self, "no common codec")
                return
            self.owner.leg_changed(self)

    def _renegotiate(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if self._bye_waits:
            self._answer(transaction, 481, "Call Is Ending")
            return
        if request.body:
            try:
                self._take_remote(sdp.read(request.text, self._ways.codecs))
            except sdp.NoCommonCodec:
                self._answer(transaction, 488, "Not Acceptable Here")
                return
            except BadInput:
                self._answer(transaction, 400, "Bad Session Description")
                return
        self.dialog.remote_target = contact_of(request) or self.dialog.remote_target
        if request.body or request.method == "INVITE":
            self._ok(transaction)
        else:
            self._agreed(transaction)
        self.owner.leg_changed(self)

    def _ended_by_them(self, transaction: ServerTransaction) -> None:
        self._agreed(transaction)
        waits = self._bye_waits
        self._close()
        if not waits:
            self.owner.leg_ended(self, "")

    def _referred(self, transaction: ServerTransaction) -> None:
        headers = transaction.request.headers
        raw = headers.get_first("refer-to") or headers.get_first("r") or ""
        target = raw.partition("<")[2].partition(">")[0] or raw.partition(";")[0].strip()
        if not target.lower().startswith(("sip:", "sips:", "tel:")):
            self._answer(transaction, 400, "Bad Refer-To")
        elif "replaces=" in target.lower() or not self.owner.leg_may_transfer(self):
            self._answer(transaction, 603, "Decline")
        else:
            self._answer(transaction, 202, "Accepted")
            self.owner.leg_transfers(self, target)

    def _informed(self, transaction: ServerTransaction) -> None:
        """A digit as INFO, from phones that know no RFC 4733."""
        self._agreed(transaction)
        for line in transaction.request.text.splitlines()[:10]:
            name, _, value = line.partition("=")
            if name.strip().lower() == "signal" and value.strip() in set("0123456789*#ABCD"):
                self.owner.leg_digit(self, value.strip())

    # ------------------------------------------------------------------ small things

    def _take_remote(self, remote: sdp.Remote) -> None:
        self.remote = remote
        digits = frozenset({sdp.DIGITS} if remote.digits is None else {sdp.DIGITS, remote.digits})
        self.port.expect((remote.host, remote.port), self.signalling, remote.payload_type, digits)
        to = (remote.host, remote.port) if remote.hears else None
        self.port.speak(to, remote.payload_type, remote.digits)

    def _address(self) -> tuple[str, int]:
        return (self._ways.local_host(self.dialog), self.port.address[1])

    def _request(self, method: str) -> SipRequest:
        request = self._ways.request(self.dialog, method)
        if self.shown:
            dialog = self.dialog
            request.headers.set_single("From", f'"{self.shown}" <{dialog.local_uri}>;tag={dialog.local_tag}')
        return request

    def _response(self, transaction: ServerTransaction, code: int, reason: str) -> SipResponse:
        contact = self._ways.contact(transaction.flow)
        response = answer_to(transaction.request, code, reason, self.dialog.local_tag, contact)
        response.headers.set_single("Server", SERVER)
        return response

    def _answer(self, transaction: ServerTransaction, code: int, reason: str) -> None:
        transaction.respond(self._response(transaction, code, reason))

    def _close(self) -> None:
        self.standing = Standing.OVER
        if self._unacked is not None:
            self._unacked.acknowledged()
            self._unacked = None
        self.port.close()
        self._ways.forget(self)


def by_liking(leg: Leg | None) -> tuple[str, ...]:
    """Our codecs, this leg's first, so that its sound can be passed through as it is."""
    remote = leg.remote if leg is not None else None
    first = remote.codec if remote is not None else codecs.NAMES[0]
    return (first, *(name for name in codecs.NAMES if name != first))
