"""A phone with Qt's sound as a program of its own, led by JSON lines as far_program.py is.

Options: `speaker`, `microphone` (names of devices), `auto_answer`, `tick_ms`. Commands: `dial`, `counts`.
"""

import asyncio
import json
import os
import sys

import msgspec
import qasync
from PySide6.QtCore import QCoreApplication

from console.bus import Bus
from console.clock import SystemClock
from console.domain.events import DeskEvent
from console.telephony.engine import Account, EngineSettings
from console.telephony.phone import Phone
from console.telephony.pjsua import PjsuaEngine
from ui.telephony.audio import QtAudio


def say(**line: object) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


async def run(options: dict[str, object]) -> None:
    sound = QtAudio(str(options["speaker"]), str(options["microphone"]))
    sound.changed.connect(lambda *names: say(type="Devices", names=names))
    bus = Bus()
    bus.subscribe(DeskEvent, lambda event: say(**msgspec.to_builtins(event)))
    settings = EngineSettings(bind="127.0.0.1", codecs=("PCMU",))
    phone = Phone(PjsuaEngine(settings, sound), bus, SystemClock())
    phone.use_account(
        Account(
            key="far",
            uri="sip:far@127.0.0.1",
            contact_user="far-secret",
            auto_answer=bool(options.get("auto_answer")),
        )
    )
    started = await phone.start(settings)
    say(type="Started", udp=started.udp_port, tcp=started.tcp_port, contact=phone.contact("far"))
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if command["do"] == "dial":
            phone.dial(command["to"])
        else:
            joints = {"heard": sound.heard, "spoken": sound.spoken}
            say(
                type="Counts",
                pid=os.getpid(),
                underruns={name: joint.underruns for name, joint in joints.items()},
                trims={name: joint.level.trims for name, joint in joints.items()},
                in_use=sound.in_use,
            )
    await phone.stop()
    sound.stop()


if __name__ == "__main__":
    application = QCoreApplication([])
    with qasync.QEventLoop(application) as main_loop:
        main_loop.run_until_complete(run(json.loads(sys.argv[1])))
