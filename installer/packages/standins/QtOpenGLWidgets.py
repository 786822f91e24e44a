"""Stands in for PySide6.QtOpenGLWidgets: pyqtgraph derives classes from the one in it that nobody makes."""

from PySide6.QtWidgets import QWidget as QOpenGLWidget

__all__ = ["QOpenGLWidget"]
