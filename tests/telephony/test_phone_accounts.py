"""The phone over a scripted engine: dialling, accounts, transfers, the end."""

import pytest

from console.domain.call import CallEnd, CallPhase
from console.domain.errors import BadInput
from console.domain.events import (
    CallDialled,
    CallEnded,
    RegistrationChanged,
    StrangerRefused,
)
from console.telephony.engine import (
    Account,
    AccountState,
    StrangerTurnedAway,
    Transport,
)
from tests.telephony.test_phone import Bench


@pytest.mark.parametrize("text", ["", "two words", "sip:"])
async def test_what_cannot_be_dialled_is_said_and_nothing_happens(text: str) -> None:
    bench = await Bench().start()
    with pytest.raises(BadInput):
        bench.phone.dial(text)
    assert bench.facts == []


async def test_dialling_without_an_account_says_so() -> None:
    bench = await Bench().start()
    bench.phone.drop_account("a")
    with pytest.raises(BadInput, match="no SIP account"):
        bench.phone.dial("100")


async def test_numbers_go_to_the_accounts_domain() -> None:
    bench = await Bench().start()
    bench.phone.dial("0 30-12 34")
    assert ("sip:0301234@pbx.example") in bench.engine.commands[-1]
    dialled = bench.facts[-1]
    assert isinstance(dialled, CallDialled)


async def test_registration_and_strangers_are_told() -> None:
    bench = await Bench().start()
    bench.engine.tell(AccountState(at=0, account="a", code=200, reason="OK", expires_s=300))
    bench.engine.tell(AccountState(at=0, account="a", code=0, reason="", expires_s=0))
    bench.engine.tell(StrangerTurnedAway(at=0, source="10.0.0.1:5060", uri="sip:100@x"))
    first, second, third = bench.facts
    assert isinstance(first, RegistrationChanged)
    assert isinstance(second, RegistrationChanged)
    assert isinstance(third, StrangerRefused)
    assert (first.registered, second.registered) == (True, False)
    assert "does not answer" in second.reason


async def test_transfers_need_answered_calls() -> None:
    bench = await Bench().start()
    held = bench.in_phase(CallPhase.HELD)
    ringing = bench.in_phase(CallPhase.RINGING)
    with pytest.raises(BadInput):
        bench.phone.transfer(ringing, "300")
    with pytest.raises(BadInput):
        bench.phone.transfer_attended(held, ringing)
    with pytest.raises(BadInput):
        bench.phone.transfer_attended(held, held)
    bench.phone.transfer(held, "300")
    assert bench.engine.commands[-1] == ("transfer", held, "sip:300@pbx.example")


async def test_contact_names_host_port_and_transport() -> None:
    bench = await Bench().start()
    assert bench.phone.contact("a") == "sip:x1@127.0.0.1:1"
    bench.phone.use_account(Account(key="b", uri="sip:b@h", transport=Transport.TCP))
    assert bench.phone.contact("b", "10.1.2.3") == "sip:b@10.1.2.3:2;transport=tcp"
    assert bench.phone.contact("nobody") == ""


async def test_stop_ends_what_the_engine_did_not() -> None:
    bench = await Bench().start()
    bench.in_phase(CallPhase.TALKING)
    await bench.phone.stop()
    ended = bench.facts[-1]
    assert isinstance(ended, CallEnded)
    assert ended.end is CallEnd.HUNG_UP_HERE
