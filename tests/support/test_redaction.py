"""Secrets and people are taken out, of whatever kind and wherever they stand; what helps stays."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.log import LogFile, log_to_file, setup_logging, stop_logging_to, without_secrets
from console.support.redaction import Redactor

SECRETS = {
    "password in a call": ("open(password='hunter2-Xy')", "hunter2-Xy"),
    "password in JSON": ('{"password": "hunter2-Xy", "a": 1}', "hunter2-Xy"),
    "password with a quote": (r'{"password": "hun\"ter2-Xy"}', "ter2-Xy"),
    "password in JSON in JSON": (r'{"text": "{\"password\": \"hunter2-Xy\", \"a\": 1}"}', "hunter2-Xy"),
    "password in TOML": ('sip_password = "hunter2-Xy"', "hunter2-Xy"),
    "password of the command line": ("callboardctl call --password hunter2-Xy --to x", "hunter2-Xy"),
    "token": ("token: tok-8a7b6c", "tok-8a7b6c"),
    "token in a query": ("GET /live?access_token=tok-8a7b6c&x=1", "tok-8a7b6c"),
    "bearer": ("sent Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
    "header": ('Authorization: Digest username="ada", response="6629fae49393a053"', "6629fae49393a053"),
    "header, as a tuple": ("('authorization', 'Bearer sesame-open')", "sesame-open"),
    "proxy header": ("Proxy-Authorization: Basic YWRhOnNlc2FtZQ==", "YWRhOnNlc2FtZQ"),
    "cookie": ("Set-Cookie: sid=deadbeefcafe; Path=/", "deadbeefcafe"),
    "argon2": ("hash $argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub", "RdescudvJCsgt3ub"),
    "database": ("postgresql+psycopg://callboard:hunter2-Xy@db.example/cb", "hunter2-Xy"),
    "sip password": ("sip:ada:hunter2-Xy@pbx.example", "hunter2-Xy"),
    "srtp key": ("a=crypto:1 AES_CM_128 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQ", "WVNfX19zZW1jdGwg"),
    "private key": (
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\nBCIEINTuctv5\n-----END PRIVATE KEY-----",
        "BCIEINTuctv5",
    ),
    "private key cut off": ("-----BEGIN EC PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vw"),
    "web token": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "eyJzdWIiOiJhZGEifQ"),
}
PEOPLE = {
    "international": ("call to +49 30 1234567 ended", "1234567"),
    "compact": ("number +4930123456", "4930123456"),
    "national": ("dialled 030/123 45-67", "123 45"),
    "american": ("from (212) 555-0100", "555-0100"),
    "bare digits": ("customer 4930123456 is here", "4930123456"),
    "short international": ("from +49110", "49110"),
    "sip": ("INVITE sip:erika.m@example.org;transport=tcp SIP/2.0", "erika"),
    "sips": ("<sips:erika.m@example.org>", "erika"),
    "tel": ("tel:+49-30-1234567", "1234567"),
    "callto": ("callto:erika.m", "erika"),
    "quoted name": ('From: "Erika Mustermann" <sip:e@example.org>', "Mustermann"),
    "bare name": ("From: Erika Mustermann <sip:e@example.org>", "Mustermann"),
    "mail": ("mail of erika.m@example.org came", "erika"),
    "JSON field": ('{"customer_name": "Qwertz Uiop"}', "Qwertz"),
    "repr field": ("Address(uri=x, name='Qwertz Uiop')", "Qwertz"),
    "known name": ("Erika said hello", "Erika"),
    "known name, shouted": ("MUSTERMANN hung up", "MUSTERMANN"),
    "known name, joined": ("Meier-Mustermann hung up", "Mustermann"),
    "known user": ("ada signed in", "ada"),
    "provisioning link": ("callboard://provision?user=erika&sig=abc", "erika"),
}
STAYS = (
    "2026-11-23 02:31:39,123 WARNING console.centre.centre: the ledger cannot be written",
    '{"at":"2026-11-23T02:31:39.123+00:00","level":"error","sequence":12345}',
    "listening on 127.0.0.1:8460, MOS 4.21, loss 0.3 %, jitter 12.25 ms",
    "interaction 01a20320-dc98-7000-8000-00000000002b went to sales",
    'File "/usr/lib/callboard/console/sync/link.py", line 212, in sign_in',
    "Python 3.11.2 on Linux-6.1.0-18-amd64-x86_64-with-glibc2.36",
    "the token has expired: sign in again",
)


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_is_left(kind: str) -> None:
    text, secret = SECRETS[kind]
    assert secret in text
    assert secret not in without_secrets(text)
    assert secret not in Redactor()(text)


@pytest.mark.parametrize("kind", PEOPLE)
def test_nobody_is_left(kind: str) -> None:
    text, telling = PEOPLE[kind]
    assert telling in text
    assert telling not in Redactor(["Erika Mustermann", "ada"])(text)


@pytest.mark.parametrize("text", STAYS)
def test_what_helps_stays(text: str) -> None:
    assert Redactor(["Erika Mustermann", "ada"])(text) == text


@pytest.fixture
def _quiet() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_gets_into_a_log(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    text, secret = SECRETS[kind]
    setup_logging("info", as_json=as_json)
    handler = log_to_file(LogFile(path=tmp_path / "logs" / "desk.log"))
    try:
        raise ValueError(text)  # noqa: TRY301 - a traceback to log
    except ValueError:
        logging.getLogger("planted").exception("it said: %s", text, extra={"password": secret})
    stop_logging_to(handler)
    written = (tmp_path / "logs" / "desk.log").read_text()
    told = capsys.readouterr().err
    for lines in (written, told):
        assert "it said" in lines
        assert secret not in lines.replace('\\"', '"')


@pytest.mark.usefixtures("_quiet")
def test_log_files_rotate_and_belong_to_their_owner(tmp_path: Path) -> None:
    setup_logging("error")
    file = tmp_path / "logs" / "desk.log"
    handler = log_to_file(LogFile(path=file, most_bytes=2000, older=2))
    for number in range(200):
        logging.getLogger("filling").info("line %d of many that are to be written here", number)
    stop_logging_to(handler)
    assert {path.name for path in file.parent.iterdir()} == {"desk.log", "desk.log.1", "desk.log.2"}
    for path in file.parent.iterdir():
        assert path.stat().st_size <= 2000
        assert path.stat().st_mode & 0o777 == 0o600
    assert "line 199" in file.read_text()


@pytest.mark.parametrize(
    "unit", ["é", "a", "1", " ", "a_", "sip:", '"', "<", ":", "=", "@", "-", "1 ", "x@", "\\"]
)
def test_a_long_line_takes_no_longer_than_its_length(unit: str) -> None:
    """Twenty times the text, at most some hundred times the time: none of the patterns goes astray."""
    redact = Redactor(["Erika"])

    def spent(text: str) -> float:
        begun = time.process_time()
        redact(text)
        return time.process_time() - begun

    short = max(min(spent(unit * 2_000) for _ in range(3)), 0.0005)
    assert spent(unit * 40_000) < 120 * short
