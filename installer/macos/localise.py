"""Puts the bundle's words in its languages into it, before it is signed: localise.py Callboard.app."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from installer.macos.info import localised


def main() -> int:
    """Write Contents/Resources/*.lproj/InfoPlist.strings; 0."""
    resources = Path(sys.argv[1]) / "Contents" / "Resources"
    for language, text in localised().items():
        folder = resources / f"{language}.lproj"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "InfoPlist.strings").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
