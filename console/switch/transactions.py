"""SIP transactions with all their timers (RFC 3261 section 17, RFC 6026): retransmission, time-outs,
matching.

The library's own layer matches but does not retransmit requests or refusals; a lost datagram would be a
lost call.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from aiosipua import SipRequest, SipResponse, parse_via
from aiosipua.dialog import Dialog

from console.switch.check import ALLOW
from console.switch.wire import Flow, Message

T1_S = 0.5
T2_S = 4.0

Key = tuple[str, ...]


class Retry:
    """Calls `again` after t1, 2 t1, 4 t1 ... (at most `most`), and `enough` after 64 t1, unless stopped."""

    def __init__(
        self, t1: float, again: Callable[[], None] | None, enough: Callable[[], None], most: float
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._again = again
        self._wait = t1
        self._most = most
        self._end = self._loop.call_later(64 * t1, self._over, enough)
        self._next = self._loop.call_later(t1, self._fire) if again is not None else None

    def quiet(self) -> None:
        """Repeat no more, but keep the final time-out."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def stop(self) -> None:
        """No more of either."""
        self.quiet()
        self._end.cancel()

    def _fire(self) -> None:
        self._wait = min(self._wait * 2, self._most)
        self._next = self._loop.call_later(self._wait, self._fire)
        if self._again is not None:
            self._again()

    def _over(self, enough: Callable[[], None]) -> None:
        self.quiet()
        enough()


class ClientTransaction:
    """One request of ours and its answers.

    `heard` gets every answer but 100; `failed` a reason, at most once.
    """

    def __init__(
        self,
        layer: "Transactions",
        request: SipRequest,
        flow: Flow,
        heard: Callable[[SipResponse], None],
        failed: Callable[[str], None],
    ) -> None:
        self.request = request
        self.flow = flow
        self.final = 0
        self._layer = layer
        self._heard = heard
        self._failed = failed
        self._provisional = False
        self._cancel: dict[str, str] | None = None
        self._ack: SipRequest | None = None
        self._over = False
        again = None if flow.reliable else self._repeat
        self._invite = request.method == "INVITE"
        most = 64 * layer.t1 if self._invite else layer.t2
        self._retry = Retry(layer.t1, again, self._timed_out, most)
        self._undo = flow.on_lost(self._lost)
        flow.send(request)

    def cancel(self, headers: dict[str, str] | None = None) -> None:
        """Take an INVITE back: now, or as soon as the peer has said anything (RFC 3261 9.1)."""
        if self.final or self._cancel is not None or self._over:
            return
        self._cancel = headers or {}
        if self._provisional:
            self._send_cancel()

    def take(self, response: SipResponse) -> None:
        """An answer came."""
        code = response.status_code
        if code < 200:
            self._progress(code, response)
            return
        first = not self.final
        self.final = self.final or code
        if self._invite and code >= 300:
            self._acknowledge(response)
        if first:
            self._retry.stop()
            self._undo()
            self._retry = Retry(self._layer.t1, None, self.end, 1)
        if first or (self._invite and code < 300):
            self._heard(response)

    def end(self) -> None:
        """Forget it."""
        self._over = True
        self._retry.stop()
        self._undo()
        self._layer.forget_client(self)

    def _progress(self, code: int, response: SipResponse) -> None:
        if self.final:
            return
        if self._invite and not self._provisional:
            self._retry.stop()  # the peer has it; from now on it may ring for as long as we let it
        elif not self._invite:
            self._retry.quiet()
        self._provisional = True
        if self._cancel is not None:
            self._send_cancel()
        if code > 100:
            self._heard(response)

    def _send_cancel(self) -> None:
        cancel = _like(self.request, "CANCEL")
        for name, value in (self._cancel or {}).items():
            cancel.headers.set_single(name, value)
        self._layer.request(cancel, self.flow, lambda response: None, lambda reason: None)
        self._retry.stop()
        self._retry = Retry(self._layer.t1, None, self._timed_out, 1)

    def _acknowledge(self, response: SipResponse) -> None:
        if self._ack is None:
            self._ack = _like(self.request, "ACK")
            self._ack.headers.set_single("To", response.headers.get_first("to") or "")
        self.flow.send(self._ack)

    def _repeat(self) -> None:
        self._layer.metrics["sip_retransmitted"] += 1
        self.flow.send(self.request)

    def _timed_out(self) -> None:
        self._fail("timeout")

    def _lost(self) -> None:
        self._fail("connection lost")

    def _fail(self, reason: str) -> None:
        if not self.final and not self._over:
            self.end()
            self._failed(reason)


class ServerTransaction:
    """One request of theirs and our answers; repeats of the request get the last answer again."""

    def __init__(self, layer: "Transactions", key: Key, request: SipRequest, flow: Flow) -> None:
        self.request = request
        self.flow = flow
        self.code = 0
        self._layer = layer
        self._key = key
        self._last: SipResponse | None = None
        self._retry: Retry | None = None

    def respond(self, response: SipResponse, unacknowledged: Callable[[], None] | None = None) -> None:
        """Send an answer. To an INVITE a final one is repeated until the ACK.

        Then `unacknowledged` is called.
        """
        self._last = response
        self.code = response.status_code
        self.flow.send(response)
        if self.code < 200:
            return
        done = self._forget
        if self.request.method == "INVITE":
            repeats = self.code < 300 or not self.flow.reliable

            def give_up() -> None:
                done()
                if unacknowledged is not None:
                    unacknowledged()

            self._retry = Retry(self._layer.t1, self.repeat if repeats else None, give_up, self._layer.t2)
        elif self.flow.reliable:
            done()
        else:
            self._retry = Retry(self._layer.t1, None, done, 1)

    def repeat(self) -> None:
        """Send the last answer again."""
        if self._last is not None:
            self._layer.metrics["sip_retransmitted"] += 1
            self.flow.send(self._last)

    def acknowledged(self) -> None:
        """The ACK came: repeat no more, but stay for late repeats of the request."""
        if self._retry is not None:
            self._retry.stop()
            self._retry = Retry(self._layer.t1, None, self._forget, 1)

    def end(self) -> None:
        """Forget it and its timers."""
        if self._retry is not None:
            self._retry.stop()
        self._forget()

    def _forget(self) -> None:
        self._layer.forget_server(self._key)


class Transactions:
    """All transactions of one switch. `take` gets new requests (an ACK to a 2xx comes with None)."""

    def __init__(
        self,
        take: Callable[[SipRequest, Flow, ServerTransaction | None], None],
        stray: Callable[[SipResponse, Flow], None],
        metrics: Counter[str],
        t1: float = T1_S,
    ) -> None:
        self.metrics = metrics
        self.t1 = t1
        self.t2 = 8 * t1
        self._take = take
        self._stray = stray
        self._clients: dict[Key, ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}

    def request(
        self,
        request: SipRequest,
        flow: Flow,
        heard: Callable[[SipResponse], None],
        failed: Callable[[str], None],
    ) -> ClientTransaction:
        """Send a request."""
        transaction = ClientTransaction(self, request, flow, heard, failed)
        self._clients[_client_key(request)] = transaction
        return transaction

    def take(self, message: Message, flow: Flow) -> None:
        """A checked message came in."""
        if isinstance(message, SipResponse):
            client = self._clients.get(_client_key(message))
            if client is not None:
                client.take(message)
            else:
                self._stray(message, flow)
            return
        key = _server_key(message, "INVITE" if message.method == "ACK" else message.method)
        known = self._servers.get(key)
        if message.method == "ACK":
            if known is not None:
                known.acknowledged()
            else:
                self._take(message, flow, None)
        elif known is not None:
            self.metrics["sip_repeats_heard"] += 1
            known.repeat()
        else:
            server = ServerTransaction(self, key, message, flow)
            self._servers[key] = server
            self._take(message, flow, server)

    def invite_of(self, cancel: SipRequest) -> ServerTransaction | None:
        """The INVITE that a CANCEL is about (RFC 3261 9.2)."""
        return self._servers.get(_server_key(cancel, "INVITE"))

    def forget_client(self, transaction: ClientTransaction) -> None:
        """It is over."""
        self._clients.pop(_client_key(transaction.request), None)

    def forget_server(self, key: Key) -> None:
        """It is over."""
        self._servers.pop(key, None)

    @property
    def pending(self) -> int:
        """How many of our requests still wait for their final answer."""
        return sum(not client.final for client in self._clients.values())

    def close(self) -> None:
        """Stop every timer."""
        for client in tuple(self._clients.values()):
            client.end()
        for server in tuple(self._servers.values()):
            server.end()


def answer_to(request: SipRequest, code: int, reason: str, tag: str, contact: str = "") -> SipResponse:
    """An answer with the request's Via, From, To (with our tag), Call-ID, CSeq and Record-Route."""
    dialog = Dialog(call_id=request.call_id or "", local_tag="")
    response = dialog.create_response(request, code, reason, contact=contact or None)
    to = request.to_addr
    if code > 100 and tag and not (to and to.tag):
        response.headers.set_single("To", f"{request.headers.get_first('to')};tag={tag}")
    for route in request.headers.get("record-route"):
        response.headers.append("Record-Route", route)
    response.headers.set_single("Allow", ALLOW)
    return response


def _like(invite: SipRequest, method: str) -> SipRequest:
    """A CANCEL or an ACK to a refusal: of the same transaction as the INVITE (RFC 3261 9.1, 17.1.1.3)."""
    request = SipRequest(method=method, uri=invite.uri)
    request.headers.append("Via", invite.headers.get("via")[0])
    for name in ("From", "To", "Call-ID", "Max-Forwards"):
        request.headers.set_single(name, invite.headers.get_first(name) or "")
    number = (invite.headers.get_first("cseq") or "").partition(" ")[0]
    request.headers.set_single("CSeq", f"{number} {method}")
    for route in invite.headers.get("route"):
        request.headers.append("Route", route)
    return request


def _client_key(message: Message) -> Key:
    branch = parse_via(message.headers.get("via")[0]).branch or ""
    method = (message.headers.get_first("cseq") or "").strip().partition(" ")[2].strip()
    return (branch, method)


def _server_key(request: SipRequest, method: str) -> Key:
    """RFC 3261 17.2.3; peers of RFC 2543 without the magic cookie are told apart by the whole set."""
    via = parse_via(request.headers.get("via")[0])
    branch = via.branch or ""
    if branch.startswith("z9hG4bK") and branch != "z9hG4bK":
        return (branch, via.host.lower(), str(via.port or ""), method)
    number = (request.headers.get_first("cseq") or "").partition(" ")[0]
    sender = request.headers.get_first("from") or ""
    return (request.uri, sender, request.call_id or "", number, via.host, str(via.port or ""), branch, method)
