"""Signatures hold for what was signed, by whom it was signed, and for nothing else."""

import base64
import subprocess
from pathlib import Path

import pytest

from console.domain.errors import BadInput, SignatureFault
from console.signature import (
    new_key,
    new_minisign_keys,
    public_of,
    sign_bytes,
    sign_minisign,
    verify_bytes,
    verify_minisign,
)

DATA = b"callboard 1.2.3\n" * 1000


def test_what_is_signed_verifies_and_gives_its_trusted_comment() -> None:
    secret, public = new_minisign_keys()
    signed = sign_minisign(secret, DATA, "serial:7 file:versions.json")
    assert verify_minisign(public, DATA, signed) == "serial:7 file:versions.json"
    assert verify_minisign(public.splitlines()[1], DATA, signed) == "serial:7 file:versions.json"


def test_a_changed_byte_a_changed_comment_or_another_key_is_refused() -> None:
    secret, public = new_minisign_keys()
    signed = sign_minisign(secret, DATA, "serial:7")
    with pytest.raises(SignatureFault, match="changed"):
        verify_minisign(public, DATA[:-1] + b"x", signed)
    with pytest.raises(SignatureFault, match="changed"):
        verify_minisign(public, DATA, signed.replace("serial:7", "serial:8"))
    with pytest.raises(SignatureFault, match="another key"):
        verify_minisign(new_minisign_keys()[1], DATA, signed)


@pytest.mark.parametrize("junk", ["", "RWQ", "no key at all", "é" * 20, "x" * 100_000, "a\nb\nc\nd"])
def test_junk_in_place_of_a_key_or_a_signature_is_bad_input(junk: str) -> None:
    secret, public = new_minisign_keys()
    signed = sign_minisign(secret, DATA, "c")
    with pytest.raises(BadInput):
        verify_minisign(junk, DATA, signed)
    with pytest.raises(BadInput):
        verify_minisign(public, DATA, junk)
    with pytest.raises(BadInput):
        sign_minisign(junk, DATA, "c")


def test_a_secret_key_with_a_password_signs_with_it_only() -> None:
    secret, public = new_minisign_keys("correct horse")
    with pytest.raises(SignatureFault, match="password"):
        sign_minisign(secret, DATA, "c", "wrong")
    assert verify_minisign(public, DATA, sign_minisign(secret, DATA, "c", "correct horse")) == "c"


def test_minisign_itself_reads_what_we_sign_and_we_read_what_it_signs(tmp_path: Path) -> None:
    secret, public = new_minisign_keys()
    file, pub, sec, sig = (tmp_path / name for name in ("f", "k.pub", "k.sec", "f.minisig"))
    file.write_bytes(DATA)
    pub.write_text(public)
    sec.write_text(secret)
    sig.write_text(sign_minisign(secret, DATA, "by us"))
    told = subprocess.run(
        ["minisign", "-Vm", str(file), "-p", str(pub)], check=True, capture_output=True, text=True
    )
    assert "by us" in told.stdout
    sig.unlink()
    subprocess.run(
        ["minisign", "-Sm", str(file), "-s", str(sec), "-t", "by it"],
        check=True,
        capture_output=True,
        input="\n",
        text=True,
    )
    assert verify_minisign(public, DATA, sig.read_text()) == "by it"


def test_bare_keys_sign_small_texts() -> None:
    secret = new_key()
    signed = sign_bytes(secret, b"callboard://provision?x=1")
    verify_bytes(public_of(secret), b"callboard://provision?x=1", signed)
    with pytest.raises(SignatureFault):
        verify_bytes(public_of(secret), b"callboard://provision?x=2", signed)
    with pytest.raises(SignatureFault):
        verify_bytes(public_of(new_key()), b"callboard://provision?x=1", signed)


@pytest.mark.parametrize("junk", ["", "short", "!" * 43, "é" * 43, "x" * 10_000])
def test_junk_in_place_of_a_bare_key_is_bad_input(junk: str) -> None:
    secret = new_key()
    for wrong in (
        lambda: public_of(junk),
        lambda: sign_bytes(junk, b"x"),
        lambda: verify_bytes(junk, b"x", sign_bytes(secret, b"x")),
        lambda: verify_bytes(public_of(secret), b"x", junk),
    ):
        with pytest.raises(BadInput):
            wrong()


def test_a_bare_signature_has_one_text_only() -> None:
    """Another text for the same bytes would make a link that is signed and yet another one."""
    secret = new_key()
    signed = sign_bytes(secret, b"x")
    padded = base64.urlsafe_b64encode(base64.urlsafe_b64decode(signed + "==")).decode()
    with pytest.raises(SignatureFault):
        verify_bytes(public_of(secret), b"x", padded)
