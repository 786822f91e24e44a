"""The least that connects a caller with an agent over ARI, for bench_asterisk, in a process of its own.

It answers, rings the next agent, bridges the two and ends what is left: no queue, no skills, no ledger, no
figures, no recovery. What it costs is what Python, JSON and the socket cost here; the rest is the centre's.

`python asterisk_least.py ARI_URL AGENTS` says `ready`, and then, for every line it reads, its CPU seconds.
"""

import asyncio
import json
import resource
import sys
from base64 import b64encode
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

_APP = "least"
_HEEDED = ("StasisStart", "StasisEnd")


class Controller:
    """Every caller's channel with its agent's, and the other way round."""

    def __init__(self, socket: ClientConnection, agents: int) -> None:
        self._socket = socket
        self._agents = cycle(range(agents))
        self._other: dict[str, str] = {}
        self._asked = 0

    async def ask(self, method: str, path: str, body: object = None, **query: str) -> None:
        self._asked += 1
        asked: dict[str, Any] = {
            "type": "RESTRequest", "request_id": str(self._asked), "method": method, "uri": path,
            "query_strings": [{"name": name, "value": value} for name, value in query.items()],
        }  # fmt: skip
        if body is not None:
            asked |= {"content_type": "application/json", "message_body": json.dumps(body)}
        await self._socket.send(json.dumps(asked))

    async def run(self) -> None:
        # of the events, only these
        await self.ask(
            "PUT", f"applications/{_APP}/eventFilter", {"allowed": [{"type": name} for name in _HEEDED]}
        )
        async for data in self._socket:
            event = json.loads(data)
            if event["type"] == "StasisStart":
                await self._started(event["channel"], event["args"])
            elif event["type"] == "StasisEnd":
                await self._ended(event["channel"]["id"])

    async def _started(self, channel: dict[str, Any], args: list[str]) -> None:
        identity = channel["id"]
        if args[:1] == ["arrived"]:
            agent = f"{identity}-agent"
            self._other |= {identity: agent, agent: identity}
            await self.ask("POST", f"channels/{identity}/answer")
            await self.ask(
                "POST", "channels", endpoint=f"PJSIP/bot{next(self._agents)}", app=_APP, channelId=agent,
                callerId=channel["caller"]["number"],
            )  # fmt: skip
        elif other := self._other.get(identity):
            await self.ask("POST", f"bridges/{other}-bridge", type="mixing")
            await self.ask("POST", f"bridges/{other}-bridge/addChannel", channel=f"{other},{identity}")

    async def _ended(self, identity: str) -> None:
        other = self._other.pop(identity, "")
        if other:
            self._other.pop(other, None)
            await self.ask("DELETE", f"channels/{other}")
            caller = min(identity, other, key=len)
            await self.ask("DELETE", f"bridges/{caller}-bridge")


async def main(url: str, agents: str) -> None:
    where = f"ws://{urlsplit(url).netloc}/ari/events?app={_APP}"
    secret = b64encode(b"callboard:ari-secret").decode()
    async with connect(
        where, additional_headers={"Authorization": f"Basic {secret}"}, compression=None, proxy=None
    ) as socket:
        running = asyncio.create_task(Controller(socket, int(agents)).run())
        print("ready", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            used = resource.getrusage(resource.RUSAGE_SELF)
            print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime}), flush=True)
        running.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
