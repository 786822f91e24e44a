"""A macOS icon around a PNG picture of 256 by 256: what PyInstaller would need Pillow for."""


def icns_of(png: bytes) -> bytes:
    """Return an icns file with that one picture (its kind ic08 takes PNG since macOS 10.5)."""
    return b"icns" + (len(png) + 16).to_bytes(4, "big") + b"ic08" + (len(png) + 8).to_bytes(4, "big") + png
