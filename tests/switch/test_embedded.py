"""The embedded switch keeps the contract of the port."""

import pytest

from tests.switch.contract import SwitchContract

pytestmark = pytest.mark.sip


class TestEmbeddedSwitch(SwitchContract):
    """Every test of the contract, over real SIP and RTP on loopback."""
