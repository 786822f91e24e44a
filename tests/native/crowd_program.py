"""Calls itself N times at once with bare pjsua2, a tone in each; prints what came of it as JSON."""

import gc
import json
import sys
from collections.abc import Callable

import pjsua2 as pj

PATIENCE = 6000  # turns of 10 ms
FRAMES = 15  # of sound, until a call counts as one with sound


class Crowd:
    """All calls, kept until each is disconnected."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.confirmed = 0
        self.ended = 0


class Call(pj.Call):
    """One end of a call."""

    def __init__(self, crowd: Crowd, account: pj.Account, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self._crowd = crowd
        crowd.calls.append(self)

    def onCallState(self, _parameters: pj.OnCallStateParam) -> None:  # noqa: N802  # pjsua2's name
        state = self.getInfo().state
        self._crowd.confirmed += state == pj.PJSIP_INV_STATE_CONFIRMED
        self._crowd.ended += state == pj.PJSIP_INV_STATE_DISCONNECTED

    def received(self) -> int:
        """Packets of sound that came in."""
        return int(self.getStreamStat(0).rtcp.rxStat.pkt)


class Account(pj.Account):
    """Answers whatever rings."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__()
        self._crowd = crowd

    def onIncomingCall(self, parameters: pj.OnIncomingCallParam) -> None:  # noqa: N802  # pjsua2's name
        answer = pj.CallOpParam()
        answer.statusCode = 200
        Call(self._crowd, self, parameters.callId).answer(answer)


class Desk:
    """The library, an account that answers, and a tone."""

    def __init__(self, count: int) -> None:
        self.crowd = Crowd()
        self.endpoint = endpoint = pj.Endpoint()
        endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = 2 * count + 4
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.medConfig.clockRate = 8000
        endpoint.libInit(config)
        transport = pj.TransportConfig()
        transport.boundAddress = "127.0.0.1"
        number = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.where = endpoint.transportGetInfo(number).localAddress
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        self.account = Account(self.crowd)
        identity = pj.AccountConfig()
        identity.idUri = "sip:crowd@127.0.0.1"
        identity.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        self.account.create(identity)
        self.tone = _tone()

    def until(self, done: Callable[[], bool]) -> None:
        """Let the library work until it is so, within reason."""
        for _ in range(PATIENCE):
            if done():
                return
            self.endpoint.libHandleEvents(10)

    def close(self) -> None:
        """Drop every object before its library goes."""
        self.crowd.calls.clear()
        del self.tone, self.account
        gc.collect()
        self.endpoint.libDestroy()


def _tone() -> pj.ToneGenerator:
    tone = pj.ToneGenerator()
    tone.createToneGenerator(8000, 1)
    note = pj.ToneDesc()
    note.freq1, note.on_msec, note.off_msec = 600, 1000, 0
    tone.play(pj.ToneDescVector([note]), True)
    return tone


def main(count: int) -> None:
    """Make `count` calls, which are twice as many ends."""
    desk = Desk(count)
    crowd, calls = desk.crowd, desk.crowd.calls
    dialled = [Call(crowd, desk.account) for _ in range(count)]
    for call in dialled:
        call.makeCall(f"sip:crowd@{desk.where}", pj.CallOpParam(True))
        desk.endpoint.libHandleEvents(0)
    desk.until(lambda: crowd.confirmed == 2 * count)
    report = {"confirmed": crowd.confirmed, "at_once": sum(call.isActive() for call in calls)}
    for call in calls:
        desk.tone.startTransmit(call.getAudioMedia(-1))
    desk.until(lambda: all(call.received() >= FRAMES for call in calls))
    report["with_sound"] = sum(call.received() >= FRAMES for call in calls)
    for call in dialled:  # the other ends hear of it
        call.hangup(pj.CallOpParam())
    desk.until(lambda: crowd.ended == 2 * count)
    report["ended"] = crowd.ended
    dialled.clear()
    del call
    desk.close()
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
