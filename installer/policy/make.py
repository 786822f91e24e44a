"""Write the policy templates beside this file from the declared options: python -m installer.policy.make."""

import sys
from pathlib import Path

from installer.policy.admx import adml, admx
from installer.policy.apple import DOMAIN, manifest, mobileconfig
from installer.policy.toml_template import toml_template
from installer.policy.words import LANGUAGES

HERE = Path(__file__).resolve().parent


def templates() -> dict[str, str]:
    """Return all files by name (below this folder)."""
    files = {"windows/Callboard.admx": admx()}
    files |= {f"windows/{language}/Callboard.adml": adml(language) for language in LANGUAGES}
    files |= {
        "policy.toml": toml_template(),
        "macos/callboard.mobileconfig": mobileconfig(),
        f"macos/{DOMAIN}.manifest.plist": manifest(),
    }
    return files


def main() -> int:
    """Write them; 0."""
    for name, text in templates().items():
        file = HERE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {file.relative_to(HERE.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
