"""The yardstick: a minimal auto-answering phone on bare pjsua2, as its own documentation would write it."""

import sys
from typing import Any

import pjsua2 as pj


class Call(pj.Call):
    def onCallState(self, _parameters: Any) -> None:  # noqa: N802
        if self.getInfo().state == pj.PJSIP_INV_STATE_DISCONNECTED:
            gone.append(self)


class Account(pj.Account):
    def onIncomingCall(self, parameters: Any) -> None:  # noqa: N802
        call = Call(self, parameters.callId)
        calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 180
        call.answer(answer)
        answer.statusCode = 200
        call.answer(answer)


calls: list[Call] = []
gone: list[Call] = []


def main() -> None:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.clockRate = 16000
    config.medConfig.noVad = True
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    number = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.audDevManager().setNullDev()
    endpoint.libStart()
    settings = pj.AccountConfig()
    settings.idUri = "sip:bare@127.0.0.1"
    settings.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    account = Account()
    account.create(settings)
    address = endpoint.transportGetInfo(number).localAddress
    sys.stdout.write(f"contact sip:bare@{address}\n")
    sys.stdout.flush()
    while True:
        endpoint.libHandleEvents(10)
        for call in gone:
            calls.remove(call)
        gone.clear()


if __name__ == "__main__":
    main()
