"""Links that bring settings: made, believed, and refused for every reason there is."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import BadInput, Refused, SettingsError
from console.domain.links import LONGEST
from console.provision.link import make_link, read_link
from console.signature import new_key, public_of, sign_bytes

HOUSE = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEY = new_key()
TRUSTED = {public_of(KEY): "Example IT"}
VALUES = {"phone.transport": "tls", "phone.codecs": ["PCMA", "G722"], "history.keep_days": 30}
LINK = make_link(KEY, "Example IT", VALUES, NOW + timedelta(days=7))


def _signed(content: object, key: str = KEY) -> str:
    """Return a link with any content, rightly signed."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    text = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    signature = sign_bytes(key, b"callboard provisioning link 1\n" + text.encode())
    return f"callboard://provision?d={text}&k={public_of(key)}&s={signature}"


def _content(**changes: object) -> dict[str, object]:
    return {"v": 1, "issuer": "IT", "expires": "2026-11-30T00:00:00Z", "values": {"user": "ada"}} | changes


def test_a_good_one() -> None:
    offered = read_link(LINK, TRUSTED, NOW)
    assert (offered.issuer, offered.trusted_by) == ("Example IT", "Example IT")
    assert offered.values == VALUES | {"phone.codecs": ("PCMA", "G722")}
    taken = offered.taken(NOW)
    assert (taken.values, taken.at, taken.issuer) == (offered.values, NOW, "Example IT")


def test_the_desktop_may_write_it_a_little_differently() -> None:
    for link in (
        LINK.replace("provision?", "provision/?"),
        f" {LINK}\n",
        LINK.replace("callboard:", "CALLBOARD:"),
    ):
        assert read_link(link, TRUSTED, NOW).issuer == "Example IT"


def test_a_stranger_is_refused() -> None:
    with pytest.raises(Refused, match="somebody this computer does not know"):
        read_link(LINK, {public_of(new_key()): "Other"}, NOW)
    with pytest.raises(Refused, match="Nobody may set this computer up"):
        read_link(LINK, {}, NOW)
    # a stranger who claims the trusted key, and one who signs with another and names it
    theirs = _signed(_content(), new_key())
    parts = parse_qs(urlsplit(theirs).query)
    claimed = f"callboard://provision?d={parts['d'][0]}&k={public_of(KEY)}&s={parts['s'][0]}"
    with pytest.raises(Refused, match="signature of this link is wrong"):
        read_link(claimed, TRUSTED, NOW)
    with pytest.raises(Refused, match="somebody this computer does not know"):
        read_link(theirs, TRUSTED, NOW)


@given(st.integers(0, len(LINK) - 1), st.sampled_from("Aa0-_&=?:%z\x00é"))
def test_no_character_can_be_changed(at: int, other: str) -> None:
    changed = LINK[:at] + other + LINK[at + 1 :]
    if changed.lower().partition("?")[0] == LINK.partition("?")[0] and changed[at:] == LINK[at:]:
        return
    if changed.partition("?")[2] == LINK.partition("?")[2] and changed.lower().startswith(
        "callboard://provision"
    ):
        return  # only how the scheme is written
    with pytest.raises((BadInput, Refused)):
        read_link(changed, TRUSTED, NOW)


@given(st.text(max_size=300))
def test_garbage_is_refused_in_words(text: str) -> None:
    for link in (text, f"callboard://provision?{text}", f"callboard://provision?d={quote(text)}&k=x&s=y"):
        with pytest.raises((BadInput, Refused)):
            read_link(link, TRUSTED, NOW)


@given(st.binary(max_size=200))
def test_garbage_that_is_signed_is_refused_in_words(data: bytes) -> None:
    with pytest.raises((BadInput, Refused)):
        read_link(_signed(data), TRUSTED, NOW)


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (_signed(_content(expires="2026-11-23T09:00:00Z")), "good until 2026-11-23 09:00 UTC"),
        (_signed(_content(expires="2020-01-01T00:00:00Z")), "good until 2020-01-01"),
        (_signed(_content(expires="2126-01-01T00:00:00Z")), "more than a year"),
        (_signed(_content(expires="2026-11-30T00:00:00")), "cannot be read here"),
        (_signed(_content(expires=None)), "cannot be read here"),
        (_signed(_content(v=2)), "newer Callboard"),
        (_signed(_content(more=1)), "cannot be read here"),
        (_signed(_content(values={})), "cannot be read here"),
        (_signed(_content(issuer="a\nb")), "cannot be read here"),
        (_signed(b"[" * 1200), "cannot be read here"),
        (_signed(_content(values={"phone.wings": 2})), "phone.wings: there is no such option"),
        (_signed(_content(values={"phone.srtp": 7})), "phone.srtp: Expected `str`"),
        (_signed(_content(values={"phone": {"srtp": "off"}})), "cannot be set so"),
        (_signed(_content(values={"updates.url": "https://x"})), "updates.url: only the policy"),
        (_signed(_content(values={"crash.send": "always"})), "crash.send: only the policy"),
        (LINK + "&d=again", "no link with settings"),
        (LINK + "&x=1", "no link with settings"),
        (LINK.replace("&s=", "&t="), "no link with settings"),
        (LINK.replace("provision?", "provision.evil.example/?"), "no link with settings"),
        (LINK.replace("callboard:", "https:"), "no link with settings"),
        (LINK + "A" * LONGEST, "too long"),
        ("callboard://provision?" + "&".join(["d=1"] * 500), "no link with settings"),
        ("callboard://[", "no link with settings"),
        ("", "no link with settings"),
    ],
)
def test_every_other_reason(link: str, told: str) -> None:
    with pytest.raises((BadInput, Refused), match=told):
        read_link(link, TRUSTED, NOW)


def test_such_links_cannot_be_made() -> None:
    soon = NOW + timedelta(days=1)
    with pytest.raises(SettingsError, match="no such option"):
        make_link(KEY, "IT", {"phone.wings": 2}, soon)
    with pytest.raises(BadInput):
        make_link(KEY, "", {"user": "ada"}, soon)
    with pytest.raises(BadInput):
        make_link(KEY, "IT", {}, soon)
    with pytest.raises(BadInput, match="at most are taken"):
        make_link(KEY, "IT", {"user": "a" * LONGEST}, soon)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        cwd=HOUSE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_it_makes_a_key_and_a_link(tmp_path: Path) -> None:
    key = tmp_path / "it.key"
    public = _run("provision-key", "--out", str(key)).stdout.strip()
    assert key.stat().st_mode & 0o777 == 0o600
    assert _run("provision-key", "--show", str(key)).stdout.strip() == public
    again = _run("provision-key", "--out", str(key))
    assert (again.returncode, "never overwritten" in again.stderr) == (2, True)
    (tmp_path / "some.toml").write_text('[window]\ntheme = "dark"\n')
    done = _run(
        "provision-link", "--key", str(key), "--issuer", "Example IT", "--days", "3",
        "--from", str(tmp_path / "some.toml"), "--set", "phone.codecs=PCMA, G722",
        "--set", "start.autostart=true", "--set", "history.keep_days=30",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    offered = read_link(done.stdout.strip(), {public: "IT"}, datetime.now(UTC))
    assert offered.values == {
        "window.theme": "dark",
        "phone.codecs": ("PCMA", "G722"),
        "start.autostart": True,
        "history.keep_days": 30,
    }
    for wrong, told in (
        (("--set", "phone.transport"), "no OPTION=VALUE"),
        (("--set", "phone.transport=x"), "none of udp, tcp, tls"),
        (("--set", "history.keep_days=soon"), "history.keep_days"),
        (("--set", "updates.key=x"), "only the policy"),
        (("--set", "nothing.here=x"), "no such option"),
        (("--days", "9999"), "must be more than 0"),
        ((), "nothing is set"),
    ):
        done = _run("provision-link", "--key", str(key), "--issuer", "IT", *wrong)
        assert (done.returncode, done.stdout) == (2, ""), wrong
        assert told in done.stderr
    done = _run("provision-link", "--key", str(tmp_path / "some.toml"), "--issuer", "IT", "--set", "user=a")
    assert (done.returncode, "provision-key --out" in done.stderr) == (2, True)
