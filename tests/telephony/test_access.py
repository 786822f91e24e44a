"""Where the password of a registered phone lies, and where not."""

import asyncio
import threading
from collections.abc import Iterator

import keyring
import keyring.backends.fail
import pytest
from keyring.backend import KeyringBackend

from console.telephony.access import AccessKeeper
from console.telephony.accounts import KEYRING_SERVICE
from console.wire import PhoneAccess

CENTRE = "https://centre.example"


class Ring(KeyringBackend):
    """A keyring in memory, that tells on which thread it was used."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.threads: set[threading.Thread] = set()

    def get_password(self, service: str, username: str) -> str | None:
        assert service == KEYRING_SERVICE
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        assert service == KEYRING_SERVICE
        self.threads.add(threading.current_thread())
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        assert service == KEYRING_SERVICE
        del self.kept[username]


class Moody(Ring):
    """One whose service is gone."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("the message bus is gone")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError("the message bus is gone")


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    made = Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def access(password: str) -> PhoneAccess:
    return PhoneAccess(
        uri="sip:callboard-desk-anna@pbx.example",
        registrar="sip:pbx.example:5061",
        username="callboard-desk-anna",
        password=password,
        transport="tls",
        srtp="required",
    )


def keeper() -> tuple[AccessKeeper, list[str]]:
    told: list[str] = []
    return AccessKeeper(told.append), told


async def test_it_is_there_after_a_new_start_for_the_same_user_alone(ring: Ring) -> None:
    first, _ = keeper()
    first.take(f"{CENTRE}/", "anna", access("one"))
    await first.stop()
    for centre, user, found in (
        (CENTRE, "anna", access("one")),
        (CENTRE, "ben", None),
        ("https://other.example", "anna", None),
    ):
        later, _ = keeper()
        await later.load(centre, user)
        assert later.of(centre, user) == found
    assert len(ring.kept) == 1
    assert threading.main_thread() not in ring.threads  # a keyring may ask the person for a password


async def test_what_came_last_is_kept_and_a_sign_out_leaves_nothing(ring: Ring) -> None:
    kept, _ = keeper()
    for number in range(20):
        kept.take(CENTRE, "anna", access(f"password {number}"))
        await asyncio.sleep(0)
    await kept.stop()
    (text,) = ring.kept.values()
    assert "password 19" in text
    kept.forget()
    kept.take(CENTRE, "ben", access("his"))  # the next one at this computer, before all is written
    await kept.stop()
    assert list(ring.kept) == [f"ben at {CENTRE}"]
    assert kept.of(CENTRE, "anna") is None


async def test_what_the_centre_just_gave_is_newer_than_what_is_kept(ring: Ring) -> None:
    first, _ = keeper()
    first.take(CENTRE, "anna", access("old"))
    await first.stop()
    second, _ = keeper()
    loading = asyncio.create_task(second.load(CENTRE, "anna"))
    await asyncio.sleep(0)
    second.take(CENTRE, "anna", access("new"))
    await loading
    await second.stop()
    assert second.of(CENTRE, "anna") == access("new")
    assert "new" in ring.kept[f"anna at {CENTRE}"]


@pytest.mark.parametrize("broken", [keyring.backends.fail.Keyring, Moody])
async def test_without_a_keyring_it_is_told_once_and_the_phone_works(
    ring: Ring, broken: type[KeyringBackend]
) -> None:
    keyring.set_keyring(broken())
    kept, told = keeper()
    await kept.load(CENTRE, "anna")
    assert told == []  # nothing was to be kept so far
    for password in ("one", "two"):
        kept.take(CENTRE, "anna", access(password))
        await kept.stop()
    assert kept.of(CENTRE, "anna") == access("two")
    assert [words.partition(",")[0] for words in told] == [
        "This computer has no password store that can be used"
    ]
    kept.forget()
    await kept.stop()
    assert len(told) == 1


@pytest.mark.parametrize("text", ["", "{", '{"frame":"Heartbeat"}', '{"frame":"PhoneAccess","uri":1}'])
async def test_what_cannot_be_read_counts_as_nothing(ring: Ring, text: str) -> None:
    ring.kept[f"anna at {CENTRE}"] = text
    kept, told = keeper()
    await kept.load(CENTRE, "anna")
    assert kept.of(CENTRE, "anna") is None
    assert told == []


def test_it_shows_no_password() -> None:
    assert "geheim" not in repr(access("geheim")) + str(access("geheim"))
