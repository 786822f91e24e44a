"""Frames in and out of one websocket, and how it ends: in words, with a close code, or cut off.

Close codes: 1012 the centre stops; 4400 a frame that is none of ours, or too big; 4401 the token is not good
(any more); 4403 not allowed; 4408 nothing heard; 4409 signed in elsewhere; 4429 too slow.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from litestar import WebSocket
from litestar.connection import ASGIConnection
from litestar.exceptions import WebSocketDisconnect
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from console.domain.errors import BadInput
from console.server.gauges import Gauges
from console.wire import ClientFrame, Farewell, Frame, decode_client_frame, encode_frame

Socket = WebSocket[Any, Any, Any]

STOPPING, BAD, TOKEN, FORBIDDEN, SILENT, ELSEWHERE, SLOW = 1012, 4400, 4401, 4403, 4408, 4409, 4429
FRAME_MOST = 64 * 1024
"""Bytes of a client's frame at most."""
FAREWELL_S = 3.0
"""Seconds that a farewell may take."""
TRANSPORT = "callboard.transport"
"""The ASGI extension under which our own server (see run) hands over `abort` and `push`."""
GONE = (OSError, WebSocketDisconnect)
"""What is raised when the other side is no longer there."""
_REFUSED_BELOW = {1007, 1009}
_REASON_MOST = 120  # bytes; a close frame has room for 123 (RFC 6455 section 5.5.1)


class Ends(Exception):
    """The connection has to end, with this code and farewell."""

    def __init__(self, code: int, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.code = code
        self.farewell = Farewell(reason=reason, retry=retry)


def safe(socket: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether nobody between us and the other side can read along (a proxy before us is on our machine)."""
    if socket.url.scheme in {"https", "wss"}:
        return True
    try:
        return ip_address(socket.client.host if socket.client else "").is_loopback
    except ValueError:
        return False


def text(frame: Frame) -> str:
    """A frame as the text that goes over the websocket."""
    return encode_frame(frame).decode()


async def receive(socket: Socket, gauges: Gauges) -> ClientFrame:
    """The next frame. Raises Ends for one that is none, WebSocketDisconnect when the other side went."""
    message: Any = await socket.receive()
    if message["type"] == "websocket.disconnect":
        code = message.get("code") or 1005
        gauges.bad_frames.inc(code in _REFUSED_BELOW)  # not UTF-8, too big: the protocol below refused it
        raise WebSocketDisconnect(detail="gone", code=code)
    data = message.get("text")
    data = message.get("bytes") or b"" if data is None else data
    if len(data) > FRAME_MOST:
        gauges.bad_frames.inc()
        raise Ends(BAD, f"A frame has at most {FRAME_MOST} bytes.", retry=True)
    try:
        return decode_client_frame(data)
    except BadInput as fault:
        gauges.bad_frames.inc()
        raise Ends(BAD, str(fault)[:200], retry=True) from None


async def send(socket: Socket, frame: str) -> None:
    """Put a frame on the wire, waiting while the other side takes none. Raises one of GONE."""
    await socket.send({"type": "websocket.send", "text": frame, "bytes": None})


async def say_farewell(socket: Socket, code: int, farewell: Farewell) -> None:
    """End a connection that has no sender of its own yet."""
    with suppress(*GONE, TimeoutError):
        await asyncio.wait_for(send(socket, text(farewell)), FAREWELL_S)
    await close(socket, code, farewell)


async def close(socket: Socket, code: int, farewell: Farewell) -> None:
    """Close with a code and the farewell's words."""
    reason = farewell.reason.encode()[:_REASON_MOST].decode(errors="ignore")
    with suppress(*GONE, RuntimeError):
        await socket.close(code, reason)


def abort(socket: Socket) -> None:
    """Cut off a side that takes nothing: a close frame would wait behind what it did not take."""
    cut = _transport(socket).get("abort")
    if cut is not None:
        cut()


def pusher(socket: Socket) -> Callable[[bytes], bool]:
    """What writes a frame made by `on_wire` at once, or says False: not now, or not with this server."""
    push: Callable[[bytes], bool] = _transport(socket).get("push", _not_here)
    return push


def on_wire(frame: str) -> bytes:
    """A text frame as it goes through the socket: the same for all, as servers mask none (RFC 6455 5.1)."""
    return WireFrame(Opcode.TEXT, frame.encode()).serialize(mask=False)


def _transport(socket: Socket) -> dict[str, Any]:
    extensions: Any = socket.scope.get("extensions") or {}
    found: dict[str, Any] = extensions.get(TRANSPORT, {})
    return found


def _not_here(_wire: bytes) -> bool:
    return False
