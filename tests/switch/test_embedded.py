"""The embedded switch keeps the contract of the port."""

import pytest

from tests.switch.contract import SwitchContract
from tests.switch.contract_recording import NothingRecorded
from tests.switch.contract_snoop import NobodyListens

pytestmark = pytest.mark.sip


class TestEmbeddedSwitch(SwitchContract, NothingRecorded, NobodyListens):
    """Every test of the contract, over real SIP and RTP on loopback."""
