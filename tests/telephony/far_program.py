"""The far end of a call as a program of its own (pjsua2 has one engine a process): a Phone led by JSON lines.

In: one command a line, `{"do": "dial", ...}`. Out: one fact a line, `{"type": "CallArrived", ...}`.
"""

import asyncio
import json
import sys
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import SystemClock
from console.domain.errors import CallboardError
from console.domain.events import DeskEvent
from console.telephony.engine import Account, EngineSettings, Transport
from console.telephony.phone import Phone
from console.telephony.pjsua import PjsuaEngine
from console.telephony.sounds import TonePort, rms, tone_share


def say(**line: object) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


class FarProgram:
    def __init__(self, options: dict[str, object]) -> None:
        self.sound = TonePort(int(options.get("hz", 700)))
        self.options = options
        settings = EngineSettings(bind="127.0.0.1", codecs=tuple(options.get("codecs", ("PCMU",))))
        self.settings = settings
        bus = Bus()
        bus.subscribe(DeskEvent, lambda event: say(**msgspec.to_builtins(event)))
        engine = PjsuaEngine(settings, self.sound)
        self.phone = Phone(engine, bus, SystemClock())

    async def run(self) -> None:
        self.phone.use_account(
            Account(
                key="far",
                uri="sip:far@127.0.0.1",
                contact_user="far-secret",
                transport=Transport(str(self.options.get("transport", "udp"))),
                auto_answer=bool(self.options.get("auto_answer")),
                srtp=str(self.options.get("srtp", "off")),
            )
        )
        started = await self.phone.start(self.settings)
        say(type="Started", udp=started.udp_port, tcp=started.tcp_port, contact=self.phone.contact("far"))
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            try:
                self.obey(command.pop("do"), command)
            except CallboardError as fault:
                say(type="Fault", words=str(fault))
        await self.phone.stop()

    def obey(self, verb: str, rest: dict[str, object]) -> None:
        if verb == "hear":
            heard = self.sound.heard
            shares = {str(hz): tone_share(heard, self.sound.rate_hz, float(hz)) for hz in rest["tones"]}
            say(type="Heard", loudness=rms(heard), shares=shares)
        elif verb == "forget":
            self.sound.forget()
            say(type="Forgot")
        elif verb == "dial":
            self.phone.dial(str(rest["to"]))
        else:
            arguments = {
                key: UUID(str(value)) if key in {"call", "consult"} else value for key, value in rest.items()
            }
            getattr(self.phone, verb)(**arguments)


if __name__ == "__main__":
    asyncio.run(FarProgram(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}).run())
