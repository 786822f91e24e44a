"""The API against its own description: schemathesis sends what fits and what does not, to every route."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.clock import SystemClock
from console.server.app import build_app
from console.server.run import serve
from console.settings import ServerSettings
from tests.server.scripted_centre import made


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server on a loop and thread of its own (schemathesis blocks): its URL and an admin's token."""
    ready: list[tuple[str, str]] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    up = threading.Event()

    async def run() -> None:
        async with AsyncExitStack() as stack:
            folder: Path = tmp_path_factory.mktemp("contract")
            centre = await made(folder, SystemClock(), ServerSettings())
            stack.push_async_callback(centre.ledger.close)
            app = build_app(centre, SystemClock())
            server = await serve(app, "127.0.0.1", 0)
            stack.push_async_callback(server.stop)
            user = centre.users.known("root")
            ready.append((server.url, app.state.services.tokens.issue(user)[0]))
            up.set()
            await stop.wait()

    def begin() -> None:
        loop.run_until_complete(run())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=begin)
    thread.start()
    assert up.wait(30)
    yield ready[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.e2e
def test_the_api_keeps_to_its_description(served: tuple[str, str]) -> None:
    url, token = served
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(f"{url}/schema/openapi.json", headers=headers)
    checks: list[Any] = [
        *(not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
    ]
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == "/api/v1/sign-out":
            continue  # it would end the token that the others use

        @settings(
            max_examples=25,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
        def attack(case: Any) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(headers=headers, checks=checks, timeout=30)

        attack()
    assert tried > 200
