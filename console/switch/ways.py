"""The user agent: which dialog a request belongs to, and which way our own requests take."""

import asyncio
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from aiosipua import SipRequest, SipResponse, SipUri, parse_uri
from aiosipua.dialog import Dialog

from console.switch.check import ALLOW
from console.switch.transactions import ClientTransaction, ServerTransaction, Transactions, answer_to
from console.switch.wire import Flow, Message, Wire

Heard = Callable[[SipResponse], None]
Unheard = Callable[[str], None]


class Side(Protocol):
    """Our side of a dialog: who takes its requests."""

    dialog: Dialog

    def take(self, request: SipRequest, transaction: ServerTransaction | None) -> None:
        """A request within the dialog came in; an ACK has no transaction."""
        ...


class Ways:
    """All dialogs of the switch over its wire. `arrive` gets every new INVITE."""

    def __init__(
        self,
        codecs: tuple[str, ...],
        metrics: Counter[str],
        arrive: Callable[[SipRequest, Flow, ServerTransaction], None],
        t1: float,
    ) -> None:
        self.codecs = codecs
        self.metrics = metrics
        self.transactions = Transactions(self._take, self._stray, metrics, t1)
        self.wire = Wire(self.transactions.take, metrics)
        self._arrive = arrive
        self._legs: dict[tuple[str, str], Side] = {}
        self._flows: dict[tuple[str, str], Flow] = {}
        self._searches: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------ which dialog

    def know(self, leg: Side, flow: Flow | None = None) -> None:
        """Requests of this dialog go to this leg from now on.

        Ours to it take `flow` unless its Contact says else.
        """
        self._legs[_key(leg.dialog)] = leg
        if flow is not None:
            self._flows[_key(leg.dialog)] = flow

    def forget(self, leg: Side) -> None:
        """It is over."""
        self._legs.pop(_key(leg.dialog), None)
        self._flows.pop(_key(leg.dialog), None)

    @property
    def legs(self) -> int:
        """How many dialogs stand."""
        return len(self._legs)

    def _take(self, request: SipRequest, flow: Flow, transaction: ServerTransaction | None) -> None:
        to = request.to_addr
        sender = request.from_addr
        tag = to.tag if to else None
        leg = self._legs.get((request.call_id or "", tag)) if tag else None
        if leg is not None and sender is not None and (sender.tag or "") == leg.dialog.remote_tag:
            if not flow.reliable or request.method != "ACK":
                self._moved(leg, flow)
            leg.take(request, transaction)
        elif transaction is not None:
            self._outside(request, flow, transaction, in_dialog=bool(tag))

    def _moved(self, leg: Side, flow: Flow) -> None:
        """A peer whose connection broke goes on over a new one."""
        known = self._flows.get(_key(leg.dialog))
        if known is not None and not known.open:
            self._flows[_key(leg.dialog)] = flow

    def _outside(
        self, request: SipRequest, flow: Flow, transaction: ServerTransaction, *, in_dialog: bool
    ) -> None:
        if request.method == "CANCEL":
            invite = self.transactions.invite_of(request)
            self.answer(transaction, 200 if invite else 481)
            return
        if request.method == "OPTIONS":
            self.answer(transaction, 200)
        elif request.method == "INVITE" and not in_dialog:
            transaction.respond(answer_to(request, 100, "Trying", ""))
            self._arrive(request, flow, transaction)
        else:
            self.answer(transaction, 481)

    def answer(
        self, transaction: ServerTransaction, code: int, headers: dict[str, str] | None = None
    ) -> None:
        """Answer outside of any dialog."""
        tag = f"{id(transaction):x}"
        response = answer_to(transaction.request, code, _PHRASES[code], tag)
        response.headers.set_single("Accept", "application/sdp")
        for name, value in (headers or {}).items():
            response.headers.set_single(name, value)
        transaction.respond(response)

    def _stray(self, response: SipResponse, flow: Flow) -> None:
        """An answer to nothing we asked, or a very late one."""
        del response, flow
        self.metrics["sip_stray_responses"] += 1

    # ------------------------------------------------------------------ which way

    def find(self, uri: str, found: Callable[[Flow | None], None]) -> None:
        """The way to a SIP URI: at once for an IP address, after a look-up for a name.

        None when there is none.
        """
        target = parse_uri(uri)
        if _is_address(target.host):
            found(self.wire.flow_to(target))
            return
        task = asyncio.get_running_loop().create_task(self._look_up(target, found))
        self._searches.add(task)
        task.add_done_callback(self._searches.discard)

    async def _look_up(self, target: SipUri, found: Callable[[Flow | None], None]) -> None:
        try:
            async with asyncio.timeout(5):
                hits = await asyncio.get_running_loop().getaddrinfo(
                    target.host, target.port or 5060, type=socket.SOCK_DGRAM
                )
        except (OSError, TimeoutError, UnicodeError):
            found(None)
            return
        address = str(hits[0][4][0])
        found(self.wire.flow_to(SipUri("sip", None, address, target.port, target.params)))

    def flow(self, dialog: Dialog) -> Flow:
        """The way to a dialog's other side.

        Its route, its Contact; behind translation where it spoke from.
        """
        known = self._flows.get(_key(dialog))
        if known is not None and known.reliable and known.open:
            return known
        target = parse_uri(_first_hop(dialog))
        beside = known is None or bool(dialog.route_set) or target.host == known.peer[0]
        if beside and _is_address(target.host):
            return self.wire.flow_to(target)
        return known if known is not None else self.wire.flow_to(target)

    def request(self, dialog: Dialog, method: str) -> SipRequest:
        """A request within a dialog, with our Via and Contact for the way that it will take."""
        flow = self.flow(dialog)
        host, port = flow.local
        request = dialog.create_request(method, via_host=host, via_port=port, via_transport=flow.transport)
        if method not in {"BYE", "ACK"}:
            request.headers.set_single("Contact", self.contact(flow))
            request.headers.set_single("Allow", ALLOW)
        request.headers.set_single("User-Agent", "Callboard")
        return request

    def send(self, dialog: Dialog, request: SipRequest, heard: Heard, unheard: Unheard) -> ClientTransaction:
        """Send a request within a dialog."""
        return self.transactions.request(request, self.flow(dialog), heard, unheard)

    def send_ack(self, dialog: Dialog, ack: SipRequest) -> None:
        """Send the ACK to a 2xx, which is no transaction."""
        self.flow(dialog).send(ack)

    def contact(self, flow: Flow) -> str:
        """Our Contact for a flow."""
        host = f"[{flow.local[0]}]" if ":" in flow.local[0] else flow.local[0]
        kind = ";transport=tcp" if flow.reliable else ""
        return f"<sip:callboard@{host}:{flow.local[1]}{kind}>"

    def local_host(self, dialog: Dialog) -> str:
        """Our address as a dialog's other side reaches it."""
        return self.flow(dialog).local[0]

    async def close(self) -> None:
        """Let our BYEs be answered (a second at most); then stop all timers and close all sockets."""
        loop = asyncio.get_running_loop()
        end = loop.time() + 1
        while self.transactions.pending and loop.time() < end:  # noqa: ASYNC110 - a second, once
            await asyncio.sleep(0.005)
        self.transactions.close()
        for task in tuple(self._searches):
            task.cancel()
        self._legs.clear()
        self._flows.clear()
        await self.wire.close()


_PHRASES = {
    200: "OK",
    400: "Bad Session Description",
    481: "Call/Transaction Does Not Exist",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
}


def contact_of(message: Message) -> str:
    """The URI in a Contact header, or ""."""
    raw = message.headers.get_first("contact") or ""
    bracketed = raw.partition("<")[2].partition(">")[0]
    raw = bracketed if "<" in raw else raw.partition(";")[0].strip()
    return raw if raw.lower().startswith(("sip:", "sips:")) else ""


def _first_hop(dialog: Dialog) -> str:
    if dialog.route_set:
        return dialog.route_set[0].partition("<")[2].partition(">")[0] or dialog.route_set[0]
    return dialog.remote_target


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _key(dialog: Dialog) -> tuple[str, str]:
    return (dialog.call_id, dialog.local_tag)
