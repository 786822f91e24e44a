"""What Qt says goes to the log, and what it ends the program with to the crash reports."""

import logging
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_log = logging.getLogger("qt")


class Keeps(Protocol):
    """Where reports are kept."""

    def keep(self, kind: str, text: str) -> object:
        """Keep one."""
        ...


def catch_qt(crashes: Keeps) -> Callable[[], None]:
    """Send Qt's messages to the log from now on, and keep the fatal ones, after which Qt ends the program.
    Returns what undoes it.
    """

    def handle(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        where = f"{context.category or 'qt'}: {message}"
        if kind is QtMsgType.QtFatalMsg:
            crashes.keep("qt", where)
        _log.log(_LEVELS.get(kind, logging.WARNING), "%s", where)

    before = qInstallMessageHandler(handle)

    def undo() -> None:
        qInstallMessageHandler(before)

    return undo
