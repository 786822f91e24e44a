"""Callboard without a window: the centre, the softphone's engine, history and figures. Nothing here imports
Qt.
"""

__version__ = "0.1.0"
