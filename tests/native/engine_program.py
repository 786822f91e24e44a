"""A SIP engine in a program of its own, led by JSON lines like far_program.py; it tells all events."""

import asyncio
import json
import sys
from typing import Any
from uuid import UUID, uuid4

import msgspec

from console.telephony.engine import Account, EngineEvent, EngineSettings, EngineStarted, IncomingCall
from console.telephony.pjsua import PjsuaEngine
from console.telephony.sounds import TonePort, rms, tone_share


def say(**line: object) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


class EngineProgram:
    """Options: `settings` and `account` add to ours; `hz`, our tone; `native`, the build's own devices."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.sound = TonePort(options.get("hz", 700))
        native = options.get("native", False)
        settings = msgspec.convert({"bind": "127.0.0.1", **options.get("settings", {})}, EngineSettings)
        self.engine = PjsuaEngine(settings, None if native else self.sound, use_native_device=native)
        self.account = msgspec.convert(
            {"key": "a", "uri": "sip:a@127.0.0.1", "contact_user": "secret", **options.get("account", {})},
            Account,
        )
        self.call: UUID | None = None

    def told(self, event: EngineEvent) -> None:
        if isinstance(event, EngineStarted):
            port = event.tls_port if self.account.transport == "tls" else event.udp_port
            say(type="Started", contact=f"sip:secret@127.0.0.1:{port}")
            return
        if isinstance(event, IncomingCall):
            self.call = event.call
        say(type=type(event).__name__, **msgspec.to_builtins(event))

    async def run(self) -> None:
        self.engine.add_account(self.account)
        self.engine.start(self.told)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            self.obey(command.pop("do"), command)
        await asyncio.to_thread(self.engine.stop)

    def obey(self, verb: str, rest: dict[str, Any]) -> None:
        if verb == "hear":
            heard = self.sound.heard
            shares = {str(hz): tone_share(heard, self.sound.rate_hz, float(hz)) for hz in rest["tones"]}
            say(type="Heard", loudness=rms(heard), shares=shares)
        elif verb == "forget":
            self.sound.forget()
            say(type="Forgot")
        elif verb == "dial":
            self.call = uuid4()
            self.engine.dial(self.call, self.account.key, rest["to"], {})
        elif verb == "hang_up" and self.call is not None:
            self.engine.hang_up(self.call)


if __name__ == "__main__":
    asyncio.run(EngineProgram(json.loads(sys.argv[1])).run())
