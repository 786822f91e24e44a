"""The demo desk's sound: it speaks one tone into every call and tells which tones it hears."""

from console.demo.tones import Ear
from console.telephony.sounds import TonePort

AGENT_TONES = (900, 1100, 1300, 1500)
CUSTOMER_TONES = (400, 500, 600, 700)
DESK_TONE = 1700
_FRAME_BYTES = 640  # 20 ms at 16 kHz, 16 bit
_HEARD_FRAMES = 3


class ListeningTone(TonePort):
    """A sound port for a desk without ears: tone out, tones recognised in."""

    def __init__(self) -> None:
        """Listens for the customers' tones."""
        super().__init__(DESK_TONE)
        self._ear = Ear(CUSTOMER_TONES)
        self._rest = bytearray()
        self._listening = 0

    def write(self, pcm: bytes) -> None:
        """Hear sound. Every fifth frame is looked at, at half the rate: enough for tones below 1 kHz."""
        self._rest += pcm
        while len(self._rest) >= _FRAME_BYTES:
            frame = bytes(self._rest[:_FRAME_BYTES])
            del self._rest[:_FRAME_BYTES]
            self._listening += 1
            if self._listening % 5 == 0:
                halved = b"".join(frame[at : at + 2] for at in range(0, _FRAME_BYTES, 4))
                self._ear.listen(halved)

    def begin(self) -> None:
        """A new call: forget what was heard."""
        self._ear.heard.clear()

    @property
    def heard_somebody(self) -> bool:
        """Whether a customer was heard since `begin`."""
        return any(count >= _HEARD_FRAMES for count in self._ear.heard.values())
