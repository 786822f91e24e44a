"""What a package starts: `callboard` or `callboardctl`, by the name of the executable. They are one file."""

import sys
from pathlib import Path


def chosen() -> int:
    """Run the program whose name we were started by."""
    if Path(sys.executable).stem == "callboardctl":
        from console.__main__ import main
    else:
        from ui.__main__ import main
    return main()


sys.exit(chosen())
