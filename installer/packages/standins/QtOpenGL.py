"""Stands in for PySide6.QtOpenGL, which is larger than all widgets together.

pyqtgraph imports it always, and uses it to draw on the graphics card only; no window of ours asks for that.
"""
