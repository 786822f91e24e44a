"""SHA-256 sums of what was built, and minisign's signature of them."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from freeze import BuildFault


def write(files: Sequence[Path], to: Path) -> Path:
    """Write the sums as sha256sum(1) checks them."""
    lines = [f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in sorted(files)]
    to.write_text("".join(lines), encoding="ascii")
    return to


def sign(file: Path, key: Path, comment: str) -> Path:
    """Write FILE.minisig with the builder's key. Raises BuildFault when the key cannot be used."""
    import minisign

    try:
        secret = minisign.SecretKey.from_file(key)
        if password := os.environ.get("MINISIGN_PASSWORD"):
            secret.decrypt(password)
        signature = secret.sign(
            file.read_bytes(),
            prehash=True,
            trusted_comment=f"{comment} {file.name}",
            untrusted_comment="signature of Callboard",
        )
    except (OSError, ValueError, minisign.Error) as fault:
        raise BuildFault(
            f"{key} cannot sign: {fault}. Is it a key of minisign, and MINISIGN_PASSWORD its?"
        ) from None
    target = file.with_name(f"{file.name}.minisig")
    target.write_bytes(bytes(signature))
    return target
