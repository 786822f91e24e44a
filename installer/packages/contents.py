"""What goes into the packages and what stays out."""

import contextlib
import re
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from PyInstaller.utils.hooks import collect_data_files, copy_metadata

RESOURCES = ("fonts", "icons", "scenarios", "sounds")

# Imported by name only while the program runs.
HIDDEN = [
    "console.__main__",
    "pjsua2._pjsua2",
    "pjsua2.pjsua2",
    "logging.config",
    "sqlalchemy.dialects.sqlite",
    "keyring.backends.SecretService",
    "keyring.backends.null",
    "keyring.backends.fail",
    "keyring.backends.chainer",
    *(["tzdata", "keyring.backends.Windows"] if sys.platform == "win32" else []),
    *(["keyring.backends.macOS"] if sys.platform == "darwin" else []),
]
DESK = ["PySide6.QtSvg", "ui.__main__"]
CENTRE = ["psycopg", "psycopg_binary", "psycopg_binary._psycopg", "sqlalchemy.dialects.postgresql.psycopg"]

NEVER = [
    "IPython", "PIL", "_curses", "_tkinter", "curses", "doctest", "faker", "hypothesis", "idlelib",
    "jinja2", "lib2to3", "lxml", "matplotlib", "mypy", "numpy.f2py", "numpy.testing", "pip",
    "polyfactory", "pydoc_data", "pygments", "pytest", "readline", "rich", "scipy", "setuptools",
    "sqlite_utils.cli", "test", "tkinter", "OpenGL", "cupy", "numba", "pyqtgraph.examples",
    "pyqtgraph.opengl", "pyqtgraph.jupyter", "pyqtgraph.canvas", "pyqtgraph.flowchart",
    "PySide6.QtMultimediaWidgets", "PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets", "PySide6.QtTest",
    "PyQt5", "PyQt6", "PySide2", "qtpy", "qtawesome", "uvloop", "httptools", "watchfiles", "brotli",
    "MySQLdb", "oracledb", "cx_Oracle", "pysqlite2", "psycopg2", "asyncpg", "aiosqlite", "pymysql",
    "pyodbc", "_pytest", "anyio.pytest_plugin",
]  # fmt: skip
NOT_IN_THE_DESK = ["psycopg", "psycopg_binary"]
NOT_IN_THE_CENTRE = ["PySide6", "shiboken6", "pyqtgraph", "qasync", "ui"]

_OF_THE_BUILD = re.compile(r"\.dist-info.(RECORD|INSTALLER|REQUESTED|direct_url\.json)$")  # paths, times
STANDINS = ("QtOpenGL", "QtOpenGLWidgets")  # modules of PySide6 of which we have our own; see standins/

# Qt's plug-ins and libraries that no window of ours uses. What they pull in is larger than all the rest.
_UNUSED_QT = re.compile(
    r"(Qt6?(Qml|Quick|VirtualKeyboard|Pdf|OpenGLWidgets|3D|WebEngine|Designer|Sql|Test|LabsQml|ShaderTools))"
    r"|Qt6(Egl[Ff][Ss]|FFmpegStub)"
    r"|/plugins/(egldeviceintegrations|generic|qmltooling|sqldrivers|printsupport|position|multimedia)/"
    r"|/plugins/vectorimageformats/"
    r"|/plugins/platformthemes/libqgtk3\."
    r"|/plugins/platforms/libq(eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc)\."
    r"|/plugins/platforminputcontexts/libqtvirtualkeyboard"
    r"|/plugins/imageformats/libq(pdf|icns|tga|tiff|wbmp|webp|gif|jpeg)\."
    r"|/Qt/(qml|translations)/"
    r"|PySide6/Qt/lib/lib(av|sw)\w+"
)
# A library of the system stays the system's, which mends it: the package depends on it. Python comes along.
_OWN = re.compile(r"libpython3")
_SYSTEM = re.compile(r"^/(usr/)?lib(64)?/")


def wanted(entry: tuple[str, str, str]) -> bool:
    """Whether a file that PyInstaller found (name, path, kind) goes into the package."""
    name, path, _ = entry
    if _OF_THE_BUILD.search(name):
        return False
    if _UNUSED_QT.search(path.replace("\\", "/")) or _UNUSED_QT.search(name.replace("\\", "/")):
        return False
    if sys.platform.startswith("linux") and _SYSTEM.match(path) and ".so" in Path(path).name:
        return bool(_OWN.match(Path(path).name)) or "/python3" in path
    return True


def datas(root: Path) -> list[tuple[str, str]]:
    """Return our own files beside the code: resources, and migrations as the sources that Alembic reads."""
    found = [(str(root / "resources" / each), f"resources/{each}") for each in RESOURCES]
    migrations = root / "console" / "ledger" / "migrations"
    sources = sorted(migrations.rglob("*.py"))
    found += [(str(each), str(each.parent.relative_to(root))) for each in sources]
    return found + collect_data_files("pjsua2") + _notes(root)


def _notes(root: Path) -> list[tuple[str, str]]:
    """The notes of each installed package about itself: some ask their own version, all have a licence."""
    pinned = re.findall(
        r"^([\w.-]+)==", (root / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    found = []
    for name in pinned:
        with contextlib.suppress(PackageNotFoundError):  # wanted on another system, or to build only
            found += copy_metadata(name)
    return found
