"""Accounts from settings, and their passwords in the system's keyring (never in a file)."""

import ipaddress
import re
import secrets
import ssl
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from console.domain.errors import BadInput, EnvironmentFault, SettingsError
from console.settings import PhoneSettings
from console.telephony.engine import Account, EngineSettings, Transport
from console.wire import PhoneAccess, decode_centre_frame, encode_frame

KEYRING_SERVICE = "Callboard SIP"
PHONE_KEY = "phone"
CENTRE_KEY = "centre"
_URI = re.compile(r"^sips?:[^@\s<>;?]+@[^\s<>;?@]+$")
_REGISTRAR = re.compile(r"^sips?:[^\s<>?@]+$")
_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)
_Choice = TypeVar("_Choice", bound=StrEnum)


class Srtp(StrEnum):
    """How a phone stands to encrypted sound."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


def new_contact_user() -> str:
    """A contact's user that nobody can guess: 128 random bits."""
    return f"cb-{secrets.token_hex(16)}"


def phone_account(settings: PhoneSettings, password: str = "", *, contact_user: str = "") -> Account | None:
    """The account that the settings describe; None when they describe none.

    With a registrar the contact's user is unguessable, so scanners' calls never ring. Without one the phone
    is called
    by its own name, as people expect. Raises SettingsError naming the option that is wrong.
    """
    if not settings.uri:
        return None
    if not _URI.match(settings.uri):
        raise SettingsError(
            f"phone.uri: {settings.uri!r} is no SIP address. It looks like sip:name@company.example."
        )
    if settings.registrar and not _REGISTRAR.match(settings.registrar):
        raise SettingsError(
            f"phone.registrar: {settings.registrar!r} is no registrar. It looks like sip:pbx.company.example."
        )
    return Account(
        key=PHONE_KEY,
        uri=settings.uri,
        registrar=settings.registrar,
        username=settings.username,
        password=password,
        transport=_choice(Transport, "phone.transport", settings.transport),
        srtp=_choice(Srtp, "phone.srtp", settings.srtp),
        contact_user=contact_user or (new_contact_user() if settings.registrar else ""),
    )


def centre_account(
    user: str,
    host: str,
    *,
    shown: str = "",
    contact_user: str = "",
    auto_answer: bool = False,
    peers: tuple[str, ...] = (),
) -> Account:
    """The account by which the centre rings this desk: no registrar, over TCP, at a contact that nobody can
    guess.

    `host` is the centre's switch, host or host:port: what an agent dials without a domain goes there.
    `peers`: further addresses that the centre may ring us from.
    """
    return Account(
        key=CENTRE_KEY,
        uri=f"sip:{user}@{host}",
        transport=Transport.TCP,
        contact_user=contact_user or new_contact_user(),
        display_name=shown,
        auto_answer=auto_answer,
        peers=peers,
    )


def registered_account(access: PhoneAccess, account: Account, srtp: str) -> Account:
    """The centre's account as one that registers with what the centre gave; `srtp` is what this desk's own
    settings ask for: the stricter of both holds. Raises SettingsError for what is none.
    """
    wanted = (_choice(Srtp, "phone.srtp", srtp), _choice(Srtp, "the centre's srtp", access.srtp))
    return msgspec.structs.replace(
        account,
        uri=access.uri,
        registrar=access.registrar,
        username=access.username,
        password=access.password,
        transport=_choice(Transport, "the centre's transport", access.transport),
        srtp=max(wanted, key=tuple(Srtp).index),
    )


def engine_settings(settings: PhoneSettings, *, bind: str = "", max_calls: int = 4) -> EngineSettings:
    """How to start the engine for these settings. Raises SettingsError for what is none."""
    address = settings.bind or bind
    if address:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise SettingsError(f"phone.bind: {address!r} is no IP address of this machine.") from None
    if settings.tls_ca and not Path(settings.tls_ca).is_file():
        raise SettingsError(f"phone.tls_ca: {settings.tls_ca!r} is no file.")
    return EngineSettings(
        bind=address,
        codecs=settings.codecs,
        max_calls=max_calls,
        tls_ca_file=settings.tls_ca or system_authorities(),
    )


def system_authorities() -> str:
    """The file of the certificate authorities that this machine trusts; "" when it keeps them elsewhere.

    The SIP library brings its own OpenSSL, which does not know where the system's are.
    """
    paths = ssl.get_default_verify_paths()
    for place in (paths.cafile, *_AUTHORITIES):
        if place and Path(place).is_file():
            return place
    return ""


def _choice(kind: type[_Choice], option: str, text: str) -> _Choice:
    try:
        return kind(text.strip().lower())
    except ValueError:
        raise SettingsError(f"{option}: {text!r} is none of {', '.join(kind)}.") from None


# ---------------------------------------------------------------- the keyring


def save_password(uri: str, password: str) -> None:
    """Keep an account's password in the system's keyring; "" forgets it. Raises EnvironmentFault without a
    keyring.
    """
    import keyring  # late: it looks for back ends, which takes a while that the first window need not wait

    try:
        if password:
            keyring.set_password(KEYRING_SERVICE, uri, password)
        elif keyring.get_password(KEYRING_SERVICE, uri) is not None:
            keyring.delete_password(KEYRING_SERVICE, uri)
    except Exception as fault:  # noqa: BLE001 - back ends are other people's, and raise what they like
        raise _no_keyring(fault) from None


def keep_password(uri: str, password: str) -> bool:
    """Keep an account's password when it is another than is kept; whether it was. Raises EnvironmentFault."""
    if load_password(uri) == password:
        return False
    save_password(uri, password)
    return True


def load_password(uri: str) -> str:
    """An account's password, "" when none is kept. Raises EnvironmentFault without a keyring."""
    import keyring

    try:
        return keyring.get_password(KEYRING_SERVICE, uri) or ""
    except Exception as fault:  # noqa: BLE001 - back ends are other people's, and raise what they like
        raise _no_keyring(fault) from None


def keep_access(centre: str, user: str, access: PhoneAccess | None) -> None:
    """Keep what the phone of a centre's user registers with in the system's keyring, all of it as one secret;
    None forgets it. Raises EnvironmentFault without a keyring.
    """
    try:
        save_password(_kept_as(centre, user), encode_frame(access).decode() if access is not None else "")
    except EnvironmentFault as fault:
        raise EnvironmentFault(
            "This computer has no password store that can be used, so the phone's password is kept in memory "
            "only. After a new start you can be called once you have signed in. To keep it, set up or unlock "
            "a keyring (GNOME Keyring, KWallet, Windows Credential Manager, macOS Keychain)."
        ) from fault


def load_access(centre: str, user: str) -> PhoneAccess | None:
    """What was kept for a centre's user, None when nothing was. Raises EnvironmentFault without a keyring."""
    kept = load_password(_kept_as(centre, user))
    if not kept:
        return None
    try:
        found = decode_centre_frame(kept)
    except BadInput:
        return None  # of another version; the next sign-in brings a new one
    return found if isinstance(found, PhoneAccess) else None


def _kept_as(centre: str, user: str) -> str:
    return f"{user} at {centre.rstrip('/')}"


def _no_keyring(fault: Exception) -> EnvironmentFault:
    return EnvironmentFault(
        f"The password store cannot be used ({fault}). The phone asks for the password at each start. "
        "To keep it, install or unlock a keyring (GNOME Keyring, KWallet, Windows Credential Manager, "
        "macOS Keychain)."
    )
