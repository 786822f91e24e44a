"""The websocket to an Asterisk: that of websockets, with two short cuts for a call's many small messages.

What comes is handed on from within the read, without a queue and a task for each message; what goes out
together is one write. Both override what websockets lets its own subclasses override, not what it promises
to others: tests/switch/test_ari_socket.py tells when a new version does otherwise.
"""

from collections.abc import Callable, Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import SEND_EOF, Event

Heard = Callable[[bytes | bytearray | memoryview], None]


class AriSocket(ClientConnection):
    """For `websockets.connect(create_connection=AriSocket)`."""

    def __init__(self, *words: Any, **named: Any) -> None:
        """What websockets gives its connections."""
        super().__init__(*words, **named)
        self._early: list[bytes | bytearray | memoryview] = []
        self._heard: Heard = self._early.append

    def hear(self, heard: Heard) -> None:
        """Hand on every message in one piece, also those that came already; the others are for `recv`."""
        early, self._heard = self._early, heard
        for data in early:
            heard(data)

    async def say(self, messages: Iterable[bytes]) -> None:
        """Send texts at once. Raises ConnectionClosed."""
        async with self.send_context():
            for message in messages:
                self.protocol.send_text(message)

    def process_event(self, event: Event) -> None:
        """Hand on what came."""
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin:
            self._heard(event.data)
        else:
            super().process_event(event)

    def send_data(self) -> None:
        """Write what is to be written, at once."""
        frames = self.protocol.data_to_send()
        ends = frames[-1:] == [SEND_EOF]
        if data := b"".join(frames):
            self.transport.write(data)
        if ends:
            self.protocol.writes.append(SEND_EOF)
            super().send_data()
