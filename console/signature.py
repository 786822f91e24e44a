"""Signatures: files are signed with minisign, small texts (links) with bare Ed25519 (RFC 8032).

One form for every signed file of ours (the list of versions, SHA256SUMS of packages), read and written by
`minisign` itself too: https://jedisct1.github.io/minisign/. Keys of links are base64url texts, not padded.
"""

import base64
import binascii

import minisign
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from console.domain.errors import SignatureFault

_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_LONGEST = 4096
"""Characters of a key or a signature: both are a few hundred."""


# ---------------------------------------------------------------- files: minisign


def verify_minisign(public_key: str, data: bytes, signature: str) -> str:
    """Return the trusted comment when `signature` (the text of a .minisig) is of `data` by `public_key` (its
    base64 line, or the whole .pub file). Raises SignatureFault.
    """
    key = _public(public_key)
    if len(signature) > _LONGEST:
        raise SignatureFault("this is no signature of minisign: it is too long")
    try:
        made = minisign.Signature.from_bytes(signature.strip().encode())
    except ValueError as fault:
        raise SignatureFault(f"this is no signature of minisign: {fault}") from None
    try:
        key.verify(data, made)
    except minisign.VerifyError as fault:
        if "identifiers" in str(fault):
            raise SignatureFault(
                "it is signed with another key than the one that is trusted: take it from its maker, or ask "
                "who changed the key"
            ) from None
        raise SignatureFault("the signature is not of this content: it was changed or damaged") from None
    comment: str = made.trusted_comment
    return comment


def sign_minisign(secret_key: str, data: bytes, comment: str, password: str = "") -> str:
    """Sign `data` with the text of a minisign secret key file; `comment` (one line) is signed as well.

    Returns the text of the .minisig. Raises SignatureFault for a wrong key, password or comment.
    """
    try:
        with minisign.SecretKey.from_bytes(secret_key.strip().encode()) as key:
            if key.is_encrypted():
                key.decrypt(password)
            made = key.sign(data, trusted_comment=comment)
    except ValueError as fault:
        raise SignatureFault(f"it cannot be signed: {fault}") from None
    return bytes(made).decode() + "\n"


def new_minisign_keys(password: str = "") -> tuple[str, str]:
    """Make a key pair: the texts of the secret key file (without a password it lies open) and of the public
    one.
    """
    pair = minisign.KeyPair.generate()
    public = bytes(pair.public_key).decode() + "\n"
    with pair.secret_key as secret:
        if password:
            secret.encrypt(password)
        return bytes(secret).decode() + "\n", public


def _public(text: str) -> minisign.PublicKey:
    if not text.strip():
        raise SignatureFault("there is no public key to check the signature with")
    if len(text) > _LONGEST:
        raise SignatureFault("this is no public key of minisign: it is too long")
    try:
        return minisign.PublicKey.from_base64(text.split()[-1])
    except ValueError as fault:
        raise SignatureFault(f"this is no public key of minisign: {fault}") from None


# ---------------------------------------------------------------- texts: bare Ed25519


def new_key() -> str:
    """A new secret key, as base64url text."""
    return _text(Ed25519PrivateKey.generate().private_bytes_raw())


def public_of(secret_key: str) -> str:
    """The public key of a secret one. Raises SignatureFault."""
    return _text(_secret(secret_key).public_key().public_bytes_raw())


def sign_bytes(secret_key: str, data: bytes) -> str:
    """Sign; the signature as base64url text. Raises SignatureFault for a key that is none."""
    return _text(_secret(secret_key).sign(data))


def verify_bytes(public_key: str, data: bytes, signature: str) -> None:
    """Return when `signature` is of `data` by `public_key`, else raise SignatureFault."""
    key = Ed25519PublicKey.from_public_bytes(_bytes(public_key, _KEY_BYTES, "public key"))
    try:
        key.verify(_bytes(signature, _SIGNATURE_BYTES, "signature"), data)
    except InvalidSignature:
        raise SignatureFault("the signature is not of this content by this key") from None


def _secret(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_bytes(text, _KEY_BYTES, "secret key"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str, size: int, what: str) -> bytes:
    """Decoded strictly: one value has one text, and nothing else is passed over."""
    bare = text.strip()
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SignatureFault(f"this is no {what}: it is not base64url") from None
    if len(data) != size or _text(data) != bare:
        raise SignatureFault(f"this is no {what}: it has {len(data)} bytes, not {size}")
    return data
