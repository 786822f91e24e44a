"""What one customer hears from the centre: prompts one after the other, else music, else silence."""

from collections import deque
from collections.abc import Callable, Iterable

from console.switch import codecs
from console.switch.media import RtpPort
from console.switch.sounds import Sounds
from console.switch.ticker import Ticker


class Player:
    """Feeds one RTP port, 20 ms a tick, while it runs.

    `spoken` is called when the last prompt has been said.
    """

    def __init__(self, port: RtpPort, sounds: Sounds, ticker: Ticker, spoken: Callable[[], None]) -> None:
        self._port = port
        self._sounds = sounds
        self._ticker = ticker
        self._spoken = spoken
        self._codec = "PCMU"
        self._silence = b""
        self._music_name = ""
        self._music: tuple[bytes, ...] = ()
        self._music_at = 0
        self._prompts: deque[str] = deque()
        self._speaking: deque[bytes] = deque()
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def speaking(self) -> bool:
        """A prompt is being said."""
        return bool(self._speaking or self._prompts)

    def use(self, codec: str) -> None:
        """Speak this codec from now on; what plays goes on in it."""
        if codec != self._codec or not self._silence:
            self._codec = codec
            self._silence = codecs.silence(codec)
            self._music = self._sounds.frames(self._music_name, codec) if self._music_name else ()

    def music(self, name: str) -> None:
        """Play this music under everything else; "" is silence. The same name again goes on where it is."""
        if name != self._music_name:
            self._music_name = name
            self._music = self._sounds.frames(name, self._codec) if name else ()
            self._music_at = 0

    def speak(self, prompts: Iterable[str]) -> None:
        """Say these, in place of what is being said."""
        self._speaking.clear()
        self._prompts = deque(prompts)

    def run(self, *, on: bool) -> None:
        """Feed the port, or leave it to the relay."""
        if on and self._unsubscribe is None:
            self._port.source_changed()
            self._unsubscribe = self._ticker.subscribe(self._tick)
        elif not on and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _tick(self) -> None:
        if self.speaking:
            self._say()
        elif self._music:
            self._music_at = (self._music_at + 1) % len(self._music)
            self._port.send_sound(self._music[self._music_at])
        else:
            self._port.send_sound(self._silence)

    def _say(self) -> None:
        while not self._speaking and self._prompts:
            self._speaking.extend(self._sounds.frames(self._prompts.popleft(), self._codec))
        if self._speaking:
            self._port.send_sound(self._speaking.popleft())
        if not self.speaking:
            self._spoken()
