"""Proves of the module that was linked that it is hardened, and says what it needs of a system."""

import re
import subprocess
from pathlib import Path

from fault import BuildFault
from native import CARRIED


def prove(module: Path) -> dict[str, str]:
    """Check the hardening of what was linked. Returns what it needs of a system. Raises BuildFault."""
    dynamic = _readelf("-Wd", module)
    segments = _readelf("-Wl", module)
    symbols = _readelf("--dyn-syms", module)
    runpath = re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic)
    proofs = {
        "RELRO": "GNU_RELRO" in segments,
        "immediate binding": "BIND_NOW" in dynamic or "NOW" in dynamic,
        "no executable stack": bool(re.search(r"GNU_STACK .* RW +0x", segments)),
        "no relocations in text": "TEXTREL" not in dynamic,
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified functions": len(re.findall(r"__\w+_chk\b", symbols)) > 5,
        "libraries found beside it only": runpath == ["$ORIGIN/libs"],
    }
    lacking = [name for name, holds in proofs.items() if not holds]
    if lacking:
        raise BuildFault(f"The module lacks: {', '.join(lacking)}.")
    versions = re.findall(r"@GLIBC_(\d+)\.(\d+)", symbols)
    newest = max((int(major), int(minor)) for major, minor in versions)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    return {
        "glibc": f"{newest[0]}.{newest[1]}",
        "needs": " ".join(sorted(set(needed) - set(CARRIED))),
        "proved": ", ".join(proofs),
    }


def _readelf(what: str, module: Path) -> str:
    return subprocess.run(
        ("readelf", "-W", what, str(module)), capture_output=True, text=True, check=True
    ).stdout
