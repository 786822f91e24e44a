from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from console.clock import SystemClock
from console.sync.outbox import Answer, judge

CLOCK = SystemClock()
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(st.integers(100, 599), st.binary(max_size=200), st.integers(1, 5))
def test_judge_reads_any_answer_and_speaks_only_of_what_was_sent(
    status: int, body: bytes, count: int
) -> None:
    sent = [UUID(int=number) for number in range(count)]
    verdict = judge(Answer(status, body), sent)
    assert set(verdict.taken) <= set(sent)
    assert {id_ for id_, _ in verdict.refused} <= set(sent)
    assert verdict.taken or verdict.refused or verdict.fault or verdict.smaller
    if not 200 <= status < 300:
        assert not verdict.taken


def test_judge_takes_an_acknowledgement_over_a_refusal_of_the_same() -> None:
    one, other = UUID(int=1), UUID(int=2)
    body = msgspec.json.encode(
        {"acknowledged": [one], "refused": [{"id": one, "reason": "no"}, {"id": other, "reason": "no"}]}
    )
    verdict = judge(Answer(200, body), [one, other])
    assert (verdict.taken, verdict.refused) == ((one,), ((other, "no"),))
