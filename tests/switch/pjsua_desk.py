"""A desk on bare pjsua2, in a process of its own: answers, holds, takes back, transfers; hears which tone.

Prints its contact, then a line for each thing that happens. Takes orders by line: hold, resume, transfer
URI, bye.
"""

import contextlib
import os
import queue
import sys
import threading

import numpy as np
import pjsua2 as pj


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Sound(pj.AudioMediaPort):
    """Speaks 600 Hz; says each time another tone is heard."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self.last = 0
        self.again = 0

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:  # noqa: N802
        places = (np.arange(160) + self.at) / 8000
        self.at += 160
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector((8000 * np.sin(2 * np.pi * 600 * places)).astype("<i2").tobytes())
        frame.size = 320

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:  # noqa: N802
        pcm = np.frombuffer(bytes(frame.buf), dtype="<i2").astype(float)
        if len(pcm) < 160 or float(pcm @ pcm) < 160 * 1000.0**2:
            tone = 0
        else:
            tone = int(np.argmax(np.abs(np.fft.rfft(pcm))) * 8000 / len(pcm))
        self.again = self.again + 1 if tone == self.last else 0
        self.last = tone
        if self.again == 5:
            say("hears", tone)


class Call(pj.Call):
    """The one call."""

    sound: Sound

    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802
        info = self.getInfo()
        say("state", info.stateText, info.lastStatusCode)

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802
        info = self.getInfo()  # kept: what it holds goes with it
        if info.media[0].status == pj.PJSUA_CALL_MEDIA_ACTIVE:
            media = self.getAudioMedia(0)
            media.startTransmit(self.sound)
            self.sound.startTransmit(media)

    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:  # noqa: N802
        say("transfer", prm.statusCode, int(prm.finalNotify))


class Account(pj.Account):
    """Answers whatever comes."""

    def __init__(self, sound: Sound) -> None:
        super().__init__()
        self.sound = sound
        self.calls: list[Call] = []

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        call = Call(self, prm.callId)
        call.sound = self.sound
        self.calls.append(call)
        say(
            "invite",
            *[line for line in prm.rdata.wholeMsg.splitlines() if line.startswith("X-Interaction-Id")],
        )
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


def obey(call: Call, words: list[str]) -> None:
    order = pj.CallOpParam(True)
    if words[0] == "hold":
        call.setHold(order)
    elif words[0] == "resume":
        order.opt.flag = pj.PJSUA_CALL_UNHOLD
        call.reinvite(order)
    elif words[0] == "transfer":
        call.xfer(words[1], order)
    elif words[0] == "bye":
        call.hangup(order)


def started() -> pj.Endpoint:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.clockRate = 8000
    endpoint.libInit(config)
    return endpoint


def listening(endpoint: pj.Endpoint, kind: int) -> int:
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    transport.port = 0
    number: int = endpoint.transportCreate(kind, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    return number


def main(kind: int) -> None:
    endpoint = started()
    number = listening(endpoint, kind)
    sound = Sound()
    form = pj.MediaFormatAudio()
    form.init(pj.PJMEDIA_FORMAT_PCM, 8000, 1, 20000, 16)
    sound.createPort("tone", form)
    account = Account(sound)
    settings = pj.AccountConfig()
    address = endpoint.transportGetInfo(number).localName
    tail = ";transport=tcp" if kind == pj.PJSIP_TRANSPORT_TCP else ""
    settings.idUri = f"sip:desk@{address}{tail}"
    settings.sipConfig.transportId = number
    settings.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    account.create(settings)
    say("contact", settings.idUri)
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            orders.put(line)
        orders.put("quit")

    threading.Thread(target=read, daemon=True).start()
    while True:
        endpoint.libHandleEvents(10)
        with contextlib.suppress(queue.Empty):
            words = orders.get_nowait().split()
            if words == ["quit"]:
                os._exit(0)  # what the library leaves behind goes with the process
            obey(account.calls[-1], words)


if __name__ == "__main__":
    main(pj.PJSIP_TRANSPORT_TCP if "tcp" in sys.argv else pj.PJSIP_TRANSPORT_UDP)
