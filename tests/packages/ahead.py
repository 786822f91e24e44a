"""Makes our own pjsua2, the packages and the clean systems, so that they are there when tests ask for them.

Runs beside the first tests, on what they leave of the machine. What fails here fails once more where it is
asked for, and is told there.
"""

import tempfile
from pathlib import Path

from tests.packages.conftest import BUILD, Built, alone, clean_bases

_GROUP = Path("/proc/self/autogroup")
"""Where Linux gives each session the same share of the machine (sched(7)), `nice` counts within one only."""


def main() -> None:
    """Make them, and forget the packages: from what was frozen they are packed again in seconds."""
    if _GROUP.exists():
        _GROUP.write_text("19")
    with alone(), tempfile.TemporaryDirectory(prefix="ahead-", dir=BUILD) as folder:
        bases = clean_bases()
        Built(Path(folder))
        for base in bases.values():
            base.wait()


if __name__ == "__main__":
    main()
