"""Which numbers are called back: what pays the caller, or must not be rung, is refused by default."""

import pytest

from console.domain.address import Address
from console.domain.errors import SettingsError
from console.domain.tolls import CallbackNumbers
from console.settings import CentreSettings, SwitchSettings, parse_settings


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("030 1234567", ""),
        ("0301234567", ""),
        ("2025550123", ""),
        ("+49 30 1234567", "abroad"),
        ("0049 30 1234567", "abroad"),
        ("+49 900 1234567", "denied"),  # premium
        ("0900 1234567", "denied"),
        ("0049 (900) 1234567", "denied"),
        ("+1 900 5551234", "denied"),
        ("+881 6 1234567", "denied"),  # a satellite
        ("+870 772 123456", "denied"),
        ("+979 1 1234567", "denied"),
        ("*72 0900123", "denied"),  # a code of the switch
        ("112", "short"),
        ("110", "short"),
        ("911", "short"),
        ("11833", "short"),
        ("anna", ""),  # no number: nobody pays for it
        ("", ""),
    ],
)
def test_over_a_trunk_only_national_numbers_are_called_unasked(number: str, why: str) -> None:
    assert CallbackNumbers().refusal(number, trunk=True) == why


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+49 30 1234567", ""),
        ("0049301234567", ""),
        ("+49 900 1234567", "denied"),  # the longer beginning decides
        ("+49 900 555 1", ""),  # longer still, and allowed
        ("0137 555", ""),  # as long as the one denied: named, so meant
        ("+43 1 1234567", "not allowed"),
        ("030 1234567", "not allowed"),
    ],
)
@pytest.mark.parametrize("trunk", [True, False])
def test_what_is_allowed_is_all_that_is(number: str, why: str, trunk: bool) -> None:
    rule = CallbackNumbers(allowed=("+49", "+49 900 555", "0137"))
    assert rule.refusal(number, trunk=trunk) == why


def test_without_a_trunk_only_what_is_denied_is_refused() -> None:
    """Calls go where the customer's own call came from; but that may be a gateway."""
    rule = CallbackNumbers()
    assert rule.refusal("+49301234567", trunk=False) == ""
    assert rule.refusal("4711", trunk=False) == ""
    assert rule.refusal("+49900123", trunk=False) == "denied"


def test_a_rule_of_its_own_replaces_the_default() -> None:
    rule = CallbackNumbers(allowed=("+",), denied=("+1",))
    assert rule.refusal("+12025550123", trunk=True) == "denied"
    assert rule.refusal("+49900123", trunk=True) == ""


@pytest.mark.parametrize("user", ["+49900123", "%2B49900123", "00%3449900123", "+49-900-123", "0049.900.123"])
def test_a_number_cannot_be_disguised(user: str) -> None:
    settings = SwitchSettings(trunk="gate.example")
    assert settings.refuses(Address(f"sip:{user}@anywhere.example")) in {"denied", "abroad"}


@pytest.mark.parametrize("option", ["allowed", "denied"])
@pytest.mark.parametrize("entry", ["", "abc", "+49x", "(", "++"])
def test_a_beginning_of_no_number_is_told_at_load(option: str, entry: str) -> None:
    text = f'[switch.callbacks]\n{option} = ["+49", "{entry}"]\n'
    with pytest.raises(SettingsError, match=rf"centre\.toml:2: switch\.callbacks\.{option}\[1\]: .*\+49"):
        parse_settings(text, CentreSettings, "centre.toml")


def test_a_trunk_that_calls_nobody_abroad_is_told() -> None:
    plan = '[switch]\ntrunk = "gate.example"\n{}\n[[queues]]\nkey = "a"\ncallback_after_s = 30\n'
    told = dict(parse_settings(plan.format(""), CentreSettings).warnings())
    assert "only national numbers" in told["switch.callbacks.allowed"]
    named = plan.format('[switch.callbacks]\nallowed = ["+49"]')
    assert "switch.callbacks.allowed" not in dict(parse_settings(named, CentreSettings).warnings())
    nobody = parse_settings('[switch]\ntrunk = "gate.example"\n[[queues]]\nkey = "a"\n', CentreSettings)
    assert "switch.callbacks.allowed" not in dict(nobody.warnings())
