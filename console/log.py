"""Structured logging: one line a record, as words or as JSON, to standard error and perhaps to files that
rotate. Never a secret, never per packet: what looks like a secret is taken out of every line.
"""

import logging
import re
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

import msgspec

from console.domain.errors import EnvironmentFault

SECRET = "[secret]"

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_WORDS = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_NAMES = (
    r"pass(?:word|wd|phrase|code)?(?:_hash)?|pwd|secret(?:_key)?|private_key|token|access_token|refresh_token|"
    r"api_?key|client_secret|sip_password|cookie|session_id|otp|pin"
)
_VALUE = r"""(?:\\"(?:[^"\\\n]|\\[^"])*\\"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[^\s,;&)}\]"']+)"""
_SECRET_NAME = re.compile(rf"(?:\w+_)?(?:{_NAMES})", re.IGNORECASE)
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]{1,40}-----"
            r"(?:.{0,16000}?-----END [A-Z ]{1,40}-----|(?:(?:\\n|\s){1,4}[A-Za-z0-9+/=]{8,})*)",
            re.DOTALL,
        ),
        "[key]",
    ),
    (
        re.compile(
            r"((?:proxy-)?authori[sz]ation|www-authenticate|proxy-authenticate|(?:set-)?cookie|x-api-key)"
            r"""(\\?["']?\s*[:=,]\s*)[^\r\n]+""",
            re.IGNORECASE,
        ),
        rf"\1\2{SECRET}",
    ),
    (re.compile(r"\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {SECRET}"),
    (re.compile(r"\$(?:argon2\w*|2[aby]|5|6|pbkdf2[\w-]*|scrypt|y)\$[^\s\"';)}\]]+"), "[hash]"),
    (re.compile(r"(\b\w{1,30}://)[^\s/@:\"']{0,256}:[^\s/@\"']{1,256}@"), rf"\1{SECRET}@"),
    (re.compile(r"(sips?:[^\s@:;>\"']{1,256}):[^\s@>\"']{1,256}@", re.IGNORECASE), rf"\1:{SECRET}@"),
    (re.compile(rf"""(--(?:{_NAMES}))([ =]+){_VALUE}""", re.IGNORECASE), rf"\1\2{SECRET}"),
    (
        re.compile(
            rf"""(?<![\w-])((?:\w{1, 64}[_.])?(?:{_NAMES})\b\\?["']?\s*[:=]\s*){_VALUE}""", re.IGNORECASE
        ),
        rf"\1{SECRET}",
    ),
    (
        re.compile(rf"""\b(c?nonce|response|opaque|inline)(\s*[:=]\s*){_VALUE}""", re.IGNORECASE),
        rf"\1\2{SECRET}",
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?"), SECRET),  # a JSON web token
)


def without_secrets(text: str) -> str:
    """The same text without passwords, tokens, keys, hashes and what headers of authentication hold."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class _WordsFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        entry.update(
            {
                key: SECRET if _SECRET_NAME.fullmatch(key) else without_secrets(str(value))
                for key, value in vars(record).items()
                if key not in _STANDARD
            }
        )
        if record.exc_info:
            entry["exception"] = without_secrets(self.formatException(record.exc_info))
        return msgspec.json.encode(entry).decode()


class LogFile(msgspec.Struct, frozen=True, kw_only=True):
    """A log file of at most `most_bytes`, and `older` full ones kept beside it (`.1` is the newest)."""

    path: Path
    level: str = "info"
    most_bytes: int = 5_000_000
    older: int = 3


def setup_logging(level: str = "warning", *, as_json: bool = False) -> None:
    """Send all records of `level` and above to standard error. Raises ValueError for an unknown level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if as_json else _WordsFormatter(_WORDS))
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def log_to_file(wanted: LogFile) -> logging.Handler:
    """Send records to a file too, readable by its owner alone; close it with `stop_logging_to`. Raises
    EnvironmentFault when it cannot be written.
    """
    try:
        wanted.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        wanted.path.touch(mode=0o600)
        handler = _Rotating(
            wanted.path, maxBytes=wanted.most_bytes, backupCount=wanted.older, encoding="utf-8"
        )
    except OSError as fault:
        raise EnvironmentFault(
            f"the log {wanted.path} cannot be written ({fault}): faults are told here only. Mend the folder."
        ) from None
    handler.setFormatter(_WordsFormatter(_WORDS))
    handler.setLevel(wanted.level.upper())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(root.level, handler.level))
    return handler


def stop_logging_to(handler: logging.Handler) -> None:
    """Let go of a log file."""
    logging.getLogger().removeHandler(handler)
    handler.close()


class _Rotating(RotatingFileHandler):
    """A full disk must not print a traceback for every line, nor stop what is logged about."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - typed by logging
        self_path = Path(self.baseFilename)
        self_path.touch(mode=0o600)
        return super()._open()
