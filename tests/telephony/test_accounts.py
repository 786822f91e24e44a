"""Accounts from settings, passwords in the keyring, the probe's words."""

import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from console.domain.errors import EnvironmentFault, SettingsError
from console.settings import PhoneSettings
from console.telephony.accounts import (
    centre_account,
    engine_settings,
    load_password,
    phone_account,
    save_password,
)
from console.telephony.build import EngineBuild, SoundDevice
from console.telephony.engine import Transport
from console.telephony.pjsua_build import describe_build
from console.telephony.probe import probe


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_an_account_with_a_registrar_cannot_be_guessed() -> None:
    settings = PhoneSettings(uri="sip:anna@x", registrar="sip:pbx", transport="TLS", srtp="required")
    first, second = phone_account(settings, "pw"), phone_account(settings, "pw")
    assert first is not None
    assert second is not None
    assert first.transport is Transport.TLS
    assert len(first.contact_user) > 30
    assert first.contact_user != second.contact_user
    assert phone_account(PhoneSettings()) is None
    assert centre_account("anna", "127.0.0.1:5060").transport is Transport.TCP


@pytest.mark.parametrize(
    ("option", "text"),
    [("uri", "anna"), ("registrar", "pbx"), ("transport", "carrier pigeon"), ("srtp", "maybe")],
)
def test_a_wrong_option_is_named(option: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"phone.{option}"):
        phone_account(PhoneSettings(**{"uri": "sip:anna@x", option: text}))


def test_a_bind_that_is_no_address_is_named() -> None:
    assert engine_settings(PhoneSettings(bind="127.0.0.1")).bind == "127.0.0.1"
    with pytest.raises(SettingsError, match=r"phone\.bind"):
        engine_settings(PhoneSettings(bind="localhost!"))


def test_passwords_are_kept_and_forgotten() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        assert load_password("sip:a@x") == ""
        save_password("sip:a@x", "secret")
        assert load_password("sip:a@x") == "secret"
        save_password("sip:a@x", "")
        save_password("sip:a@x", "")
        assert load_password("sip:a@x") == ""
        keyring.set_keyring(keyring.backends.fail.Keyring())
        for action in (lambda: load_password("sip:a@x"), lambda: save_password("sip:a@x", "secret")):
            with pytest.raises(EnvironmentFault, match="keyring") as told:
                action()
            assert "secret" not in str(told.value)
    finally:
        keyring.set_keyring(before)


def test_the_probe_knows_this_build() -> None:
    report = probe(describe_build)
    assert report["ok"]
    assert report["call_limit"] >= 1
    assert any(codec.startswith("PCMU/") for codec in report["codecs"])
    assert all(set(warning) == {"what", "means", "do"} for warning in report["warnings"])


def test_the_probe_of_a_good_build_has_nothing_to_say() -> None:
    codecs = ("PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "opus/48000/2")
    device = SoundDevice("default", "ALSA", 1, 1)
    build = EngineBuild(
        version="2.17", tls="OpenSSL 3.0.11", ciphers=9, codecs=codecs, devices=(device,), call_limit=512
    )
    assert probe(lambda: build)["warnings"] == []


def test_an_old_tls_library_matters_to_a_desk_that_uses_tls() -> None:
    build = EngineBuild(
        version="2.15.1", tls="OpenSSL 1.0.2k-fips", ciphers=9, codecs=(), devices=(), call_limit=4
    )
    warned = [
        warning for warning in probe(lambda: build, tls_wanted=True)["warnings"] if "1.0.2" in warning["what"]
    ]
    assert len(warned) == 1
    assert "make native" in warned[0]["do"]
    assert all("1.0.2" not in warning["what"] for warning in probe(lambda: build)["warnings"])


def test_the_probe_without_pjsua2_says_so() -> None:
    def missing() -> EngineBuild:
        raise ImportError("No module named 'pjsua2'")

    report = probe(missing)
    assert (report["ok"], report["installed"]) == (False, False)
    assert "pip install" in report["warnings"][0]["do"]


def test_the_probe_of_a_library_that_does_not_start() -> None:
    def broken() -> EngineBuild:
        raise EnvironmentFault("it does not start")

    assert probe(broken)["warnings"][0]["what"] == "it does not start"
