"""How tests lead far_program.py, and wait for facts instead of sleeping."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("far_program.py")
ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 15.0


class Facts:
    """Facts in the order in which they came; each wait takes up where it is told to."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._news = asyncio.Event()

    def add(self, fact: Any) -> None:
        self.all.append(fact)
        self._news.set()

    async def until(self, fits: Callable[[Any], Any], after: int = 0, wait_s: float = WAIT_S) -> Any:
        """The first fact from index `after` that fits, now or later."""

        async def look() -> Any:
            at = after
            while True:
                self._news.clear()
                while at < len(self.all):
                    if fits(self.all[at]):
                        return self.all[at]
                    at += 1
                await self._news.wait()

        try:
            return await asyncio.wait_for(look(), wait_s)
        except TimeoutError:
            raise AssertionError(f"did not come; there were: {self.all[after:]}") from None

    async def of(self, kind: type, after: int = 0, **fields: object) -> Any:
        """The first fact of a class with these fields."""
        return await self.until(
            lambda fact: isinstance(fact, kind) and all(getattr(fact, k) == v for k, v in fields.items()),
            after,
        )


class FarEnd:
    """The far program, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.facts = Facts()
        self.started: dict[str, Any] = {}
        self._reader = asyncio.ensure_future(self._read())

    @classmethod
    async def run(
        cls, *, program: Path = PROGRAM, env: dict[str, str] | None = None, **options: object
    ) -> "FarEnd":
        """Start one; `env` adds to its environment, another PYTHONPATH for instance."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(program),
            json.dumps(options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        )
        far = cls(process)
        far.started = await far.fact("Started")
        return far

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def contact(self) -> str:
        return str(self.started["contact"])

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.facts.add(json.loads(line))

    @property
    def mark(self) -> int:
        return len(self.facts.all)

    async def fact(self, kind: str, after: int = 0, **fields: object) -> dict[str, Any]:
        found: dict[str, Any] = await self.facts.until(
            lambda fact: fact["type"] == kind and all(fact.get(k) == v for k, v in fields.items()), after
        )
        return found

    def do(self, verb: str, **rest: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": verb, **rest}).encode() + b"\n")

    async def hear(self, *tones: int) -> dict[str, Any]:
        mark = self.mark
        self.do("hear", tones=tones)
        return await self.fact("Heard", mark)

    async def hears(self, hz: int, *, share: float = 0.5) -> None:
        """Wait until the tone is most of what is heard there."""
        while True:
            heard = await self.hear(hz)
            if heard["loudness"] > 0.05 and heard["shares"][str(hz)] > share:
                return
            await asyncio.sleep(0.05)

    async def hears_nothing(self) -> None:
        """Wait until a whole stretch afresh is silent."""
        while True:
            mark = self.mark
            self.do("forget")
            await self.fact("Forgot", mark)
            await asyncio.sleep(0.4)
            if (await self.hear())["loudness"] < 0.005:
                return

    async def stop(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = await asyncio.wait_for(self._process.wait(), WAIT_S)
        await self._reader
        return code
