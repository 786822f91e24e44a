"""The scripted call for real: one program calls, the other answers; files played, recorded and heard."""

import asyncio
import json
import sys
import wave
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.clock import SystemClock
from console.domain.errors import BadInput, MediaFileError, NetworkError
from console.telephony.pjsua import PjsuaEngine
from console.telephony.script import CallOptions, run_call
from console.telephony.sounds import TonePort, WavRecorder, read_wav, tone_share
from tests.telephony.far import ROOT, FarEnd

pytestmark = pytest.mark.sip


async def run(**options: Any) -> dict[str, Any]:
    return await run_call(CallOptions(**options), PjsuaEngine, SystemClock())


def tone_file(path: Path, hz: int, seconds: float) -> Path:
    recorder, tone = WavRecorder(path, 16000), TonePort(hz)
    for _ in range(int(seconds * 50)):
        recorder.write(tone.read(640))
    recorder.close()
    return path


def heard_in(path: Path, hz: int) -> float:
    pcm = read_wav(path, 16000)
    half = len(pcm) // 4 * 2
    return tone_share(pcm[half - 16000 : half], 16000, hz)


async def test_calls_plays_records_and_reports(tmp_path: Path) -> None:
    far = await FarEnd.run(hz=900, auto_answer=True)
    play, record = tone_file(tmp_path / "say.wav", 500, 1.5), tmp_path / "heard.wav"
    report = await run(to=far.contact, play=play, record=record, dtmf="12#")
    for digit in "12#":
        await far.fact("CallDigit", digit=digit)
    assert (report["exit_code"], report["end"], report["codec"]) == (0, "hung_up_here", "PCMU/8000")
    assert report["mos"] > 4
    assert report["packets"]["received"] > 30
    assert 0 <= report["times"]["ringing_s"] <= report["times"]["answer_s"] < report["times"]["end_s"]
    assert heard_in(record, 900) > 0.5
    assert json.loads(msgspec.json.encode(report)) == report
    assert await far.stop() == 0


ANSWER = """
import asyncio, sys
from console.clock import SystemClock
from console.telephony.pjsua import PjsuaEngine
from console.telephony.script import CallOptions, run_call
import msgspec
report = asyncio.run(run_call(CallOptions(answer=True, duration_s=5), PjsuaEngine, SystemClock(),
                              ready=lambda contact: print(contact, flush=True)))
print(msgspec.json.encode(report).decode(), flush=True)
"""


async def test_waits_for_a_call_and_answers_it() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ANSWER, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    contact = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    report = await run(to=contact, duration_s=0.3, dtmf="7")
    theirs = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    await process.wait()
    assert report["exit_code"] == theirs["exit_code"] == 0
    assert (theirs["direction"], theirs["end"]) == ("incoming", "hung_up_there")


async def test_nobody_there_is_a_failure_with_its_code() -> None:
    far = await FarEnd.run()
    report = await run(to=far.contact.replace("far-secret", "nobody"), duration_s=1)
    assert (report["exit_code"], report["sip_code"], report["answered"]) == (1, 404, False)
    report = await run(to=far.contact, wait_s=0.5)
    assert (report["exit_code"], report["end"]) == (1, "cancelled")
    await far.stop()


async def test_no_call_within_the_time_is_said() -> None:
    with pytest.raises(NetworkError, match="No call came"):
        await run(answer=True, wait_s=0.2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"to": "sip:a@b", "answer": True},
        {"to": "nobody"},
        {"to": "sip:a@127.0.0.1", "dtmf": "1;2"},
        {"to": "sip:a@127.0.0.1", "registrar": "sip:pbx"},
    ],
)
async def test_options_that_do_not_fit_are_bad_input(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        await run(**options)


async def test_a_wav_that_is_none_stops_it_before_the_call(tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    with pytest.raises(MediaFileError):
        await run(to="sip:a@127.0.0.1:9", play=bad)


async def test_a_host_that_does_not_exist_is_said() -> None:
    with pytest.raises(NetworkError, match=r"nowhere\.invalid"):
        await run(to="sip:a@nowhere.invalid")


def test_the_recording_is_a_wav(tmp_path: Path) -> None:
    with wave.open(str(tone_file(tmp_path / "x.wav", 500, 0.2))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 16000, 3200)
