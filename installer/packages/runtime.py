"""Runs in a packaged program before anything of ours: programs that it starts find the system's libraries."""

import os
import sys

if sys.platform.startswith("linux"):
    # PyInstaller's start points it at the package's folder: a browser started from here must not look there.
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before:
        os.environ["LD_LIBRARY_PATH"] = before
