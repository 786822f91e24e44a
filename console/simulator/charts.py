"""The part of pygal that pictures are made with, and nothing else of it.

pygal hooks itself into every import of the program, for maps that we do not draw, in a way that Python 3.11
warns of and 3.12 has given up. The hook is taken out again.
"""

import sys

import pygal
from pygal.style import Style

sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

Line = pygal.Line

__all__ = ["Line", "Style"]
