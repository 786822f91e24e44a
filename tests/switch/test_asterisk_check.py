"""`callboardctl asterisk check|config` on a real Asterisk: what it says of a sound one, and of each fault."""

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from console import paths
from console.__main__ import main
from console.clock import SystemClock
from console.demo.asterisk import free_port
from console.switch.asterisk import AsteriskOptions
from console.switch.asterisk_check import Wanted, examine
from console.switch.asterisk_sounds import lay_sounds
from tests.switch.asterisk_server import AsteriskServer

pytestmark = [pytest.mark.asterisk]

PROMPTS = tuple(sorted(file.stem for file in (paths.resources() / "sounds").glob("*.wav")))
Edit = Callable[[str], str]


def _instead(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


def _more(text: str) -> Edit:
    return lambda before: before + text


class Box:
    """One Asterisk after another in the same folder, each with other files."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cb-check-"))
        self.sounds = self.folder / "sounds"
        lay_sounds(paths.resources() / "sounds", self.sounds)
        self.server = AsteriskServer(self.folder, self.sounds, rtp_first=24000, rtp_last=24999)
        self.etc = self.folder / "etc"
        self.sound = {file: file.read_text() for file in self.etc.iterdir()}

    def start(self, status: int = 200, **edits: Edit) -> None:
        """Start it with some of its files changed."""
        self.server.kill()
        for file, text in self.sound.items():
            file.write_text(edits[file.stem](text) if file.stem in edits else text)
        self.server.start(status)

    def wanted(self, **more: object) -> Wanted:
        server = self.server
        options = AsteriskOptions(
            **{"url": server.url, "password": "ari-secret", "sounds": server.plan.sounds} | more  # type: ignore[arg-type]
        )
        return Wanted(
            options=options, plan=server.plan, sip=f"127.0.0.1:{server.sip}", prompts=PROMPTS, accounts=True
        )

    def check(self, wanted: Wanted | None = None) -> dict[str, object]:
        return asyncio.run(examine(wanted or self.wanted(), SystemClock()))


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    made = Box()
    made.start()
    yield made
    made.server.remove()


@pytest.fixture
def sound(box: Box) -> Box:
    """An Asterisk in which nothing is wrong."""
    if any(file.read_text() != text for file, text in box.sound.items()):
        box.start()
    return box


def faults_of(report: dict[str, object]) -> list[dict[str, str]]:
    """All but that the Asterisk which the tests were given is an older one."""
    faults = report["faults"]
    assert isinstance(faults, list)
    return [fault for fault in faults if "older than" not in fault["what"]]


def only(report: dict[str, object]) -> dict[str, str]:
    """The one fault."""
    faults = faults_of(report)
    assert len(faults) == 1, faults
    assert report["ok"] is (faults[0].get("severe") != "yes")
    return faults[0]


def nothing_wrong(said: str) -> bool:
    """What the command says of a sound one."""
    return all("older than" in line for line in said.splitlines() if line.startswith("!"))


def test_nothing_is_wrong_in_a_sound_one(sound: Box) -> None:
    report = sound.check()
    assert faults_of(report) == []
    assert report["ok"] is True
    assert str(report["version"]).startswith(("20.", "22."))
    assert report["dialplan"] == "as written"
    assert report["codecs"] == ["g722", "alaw", "ulaw"]
    assert report["prompts"] == len(PROMPTS) > 50
    assert (report["sip_tcp"], report["sip_udp"]) == (True, True)


def test_it_leaves_nothing_behind(sound: Box) -> None:
    sound.check()
    with httpx.Client(auth=("callboard", "ari-secret"), trust_env=False) as client:
        for what in ("channels", "bridges", "recordings/stored"):
            assert client.get(f"{sound.server.url}/ari/{what}").json() == []


def test_a_wrong_password(sound: Box) -> None:
    fault = only(sound.check(sound.wanted(password="ari-secrets")))
    assert "refuses the user “callboard” or its password" in fault["what"]
    assert "ari.conf" in fault["do"]
    assert "ari-secrets" not in json.dumps(fault)


def test_nobody_there(sound: Box) -> None:
    wanted = msgspec.structs.replace(sound.wanted(url=f"http://127.0.0.1:{free_port()}"), sip="")
    fault = only(sound.check(wanted))
    assert "nobody listens there" in fault["what"]
    assert "Start Asterisk" in fault["do"]


def test_tls_where_there_is_none(sound: Box) -> None:
    fault = only(sound.check(sound.wanted(url=sound.server.url.replace("http", "https"))))
    assert "TLS" in fault["what"]


def test_another_endpoint(sound: Box) -> None:
    fault = only(sound.check(sound.wanted(endpoint="somebody")))
    assert "no PJSIP endpoint “somebody”" in fault["what"]
    assert "pjsip.conf" in fault["do"]


def test_prompts_in_another_place(sound: Box, tmp_path: Path) -> None:
    fault = only(sound.check(sound.wanted(sounds=str(tmp_path))))
    assert str(tmp_path) in fault["what"]
    assert fault["severe"] == "yes"


def test_one_prompt_is_missing(sound: Box) -> None:
    gone = list((sound.sounds / "en").glob("welcome.*"))
    assert len(gone) == 4
    for file in gone:
        file.rename(file.with_name(f"x-{file.name}"))
    try:
        fault = only(sound.check())
    finally:
        for file in gone:
            file.with_name(f"x-{file.name}").rename(file)
    assert "cannot play welcome from" in fault["what"]
    assert "severe" not in fault


def test_a_dialplan_of_other_settings(sound: Box) -> None:
    wanted = sound.wanted()
    other = msgspec.structs.replace(wanted, plan=msgspec.structs.replace(wanted.plan, app="callboard2"))
    fault = only(sound.check(other))
    assert "not the one for these settings" in fault["what"]
    assert "config --out" in fault["do"]


def test_no_transport_for_phones(sound: Box) -> None:
    wanted = msgspec.structs.replace(sound.wanted(), sip=f"127.0.0.1:{free_port()}")
    fault = only(sound.check(wanted))
    assert fault["severe"] == "yes"
    assert "over TCP and UDP." in fault["what"]
    assert "protocol=tcp and one with protocol=udp" in fault["do"]


PLANTED = {
    "reads only": ("ari", _instead("read_only = no", "read_only = yes"), "may only read", "read_only=no"),
    "no ari": ("ari", _instead("enabled = yes", "enabled = no"), "res_ari", "module load res_ari"),
    "no bridges": ("modules", _more("noload => res_ari_bridges.so\n"), "res_ari_bridges", "noload"),
    "no g722": ("modules", _more("noload => codec_g722.so\n"), "codec_g722", "module load codec_g722"),
    "no context": (
        "extensions",
        _instead("[callboard]\n", "[somebody]\n"),
        "no context “callboard”",
        "extensions.conf",
    ),
    "no tcp": ("pjsip", _instead("protocol=tcp", "protocol=udp"), "over TCP.", "protocol=tcp"),
    "no accounts": ("sorcery", lambda text: "", "takes no accounts for phones", "sorcery.conf"),
    "gsm only": ("pjsip", _instead("allow=g722,alaw,ulaw", "allow=gsm"), "allows gsm only", "g722,alaw,ulaw"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(box: Box, name: str) -> None:
    file, edit, what, do = PLANTED[name]
    box.start(404 if name == "no ari" else 200, **{file: edit})
    wanted = box.wanted()
    if name == "no ari":  # telephones may be served a moment later
        wanted = msgspec.structs.replace(wanted, sip="")
    report = box.check(wanted)
    assert report["ok"] is (name == "no tcp")
    fault = only(report)
    assert what in fault["what"]
    assert do in fault["do"]


# ---------------------------------------------------------------- the commands


def _settings(box: Box, tmp_path: Path, password: str = "ari-secret") -> Path:
    secret = tmp_path / "ari-password"
    secret.write_text(f"{password}\n")
    secret.chmod(0o600)
    file = tmp_path / "centre.toml"
    file.write_text(
        f'[switch]\nkind = "asterisk"\n[switch.asterisk]\nurl = "{box.server.url}"\n'
        f'password_file = "{secret}"\nsounds = "{box.sounds}"\nsip = "127.0.0.1:{box.server.sip}"\n'
    )
    return file


def test_the_command_says_that_all_is_well(
    sound: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _settings(sound, tmp_path)
    assert main(["asterisk", "check", "--config", str(file)]) == 0
    assert nothing_wrong(capsys.readouterr().out)
    assert main(["asterisk", "check", "--config", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert told["nodes"][0]["dialplan"] == "as written"


def test_the_command_fails_with_what_to_do(
    sound: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _settings(sound, tmp_path, "another")
    assert main(["asterisk", "check", "--config", str(file)]) == 1
    said = capsys.readouterr().out
    assert "! Asterisk's REST interface cannot be used" in said
    assert "ari.conf" in said
    assert "another" not in said
    (tmp_path / "ari-password").unlink()
    assert main(["asterisk", "check", "--config", str(file)]) == 1
    assert "ari-password cannot be read" in capsys.readouterr().out


def test_the_doctor_looks_at_it_too(sound: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _settings(sound, tmp_path)
    main(["doctor", "--json", "--config", str(file)])
    told = json.loads(capsys.readouterr().out)
    assert told["asterisks"][0]["dialplan"] == "as written"
    (tmp_path / "ari-password").write_text("another")
    assert main(["doctor", "--config", str(file)]) == 1
    assert "refuses the user “callboard” or its password" in capsys.readouterr().out
    file.write_text('[switch]\nkind = "none"\n')
    main(["doctor", "--json", "--config", str(file)])
    assert json.loads(capsys.readouterr().out)["asterisks"] == []


def test_a_password_that_everybody_reads_is_told(
    sound: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _settings(sound, tmp_path)
    (tmp_path / "ari-password").chmod(0o644)
    assert main(["asterisk", "check", "--config", str(file)]) == 0
    assert "Everybody on this machine can read" in capsys.readouterr().out


def test_what_config_writes_is_what_check_wants(
    box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On an Asterisk with files of its own; installed twice, for that is once."""
    server = box.server
    settings = _settings(box, tmp_path)
    out = tmp_path / "out"
    assert main(["asterisk", "config", "--config", str(settings), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "ari-secret" not in said
    assert "install.sh" in said
    own = {
        "extensions": "[general]\nstatic=yes\n[default]\nexten => 1,1,Hangup()\n",
        "pjsip": "[global]\ntype=global\n[own]\ntype=transport\nprotocol=tcp\n"
        f"bind=127.0.0.1:{server.sip}\n[own-udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{server.sip}\n",
        "ari": "[general]\nenabled = no\n",
        "http": "[general]\nservername=Asterisk\n",
        "musiconhold": "",
        "queues": "",
        "sorcery": "[res_pjsip]\nendpoint=config,pjsip.conf,criteria=type=endpoint\n",
    }
    server.kill()
    for name, text in own.items():
        (box.etc / f"{name}.conf").write_text(text)
    for _ in range(2):
        install = ["sh", str(out / "install.sh"), str(box.etc), str(tmp_path / "sounds-there")]
        subprocess.run(install, check=True, capture_output=True)
    for name in own:
        assert (box.etc / f"{name}.conf").read_text().count("#include") == 1
    assert (box.etc / "callboard/ari.conf").stat().st_mode & 0o007 == 0
    server.start()
    moved = settings.read_text().replace(str(box.sounds), str(tmp_path / "sounds-there"))
    settings.write_text(moved)
    code = main(["asterisk", "check", "--config", str(settings)])
    said = capsys.readouterr().out
    log = server.said()
    shutil.rmtree(box.etc / "callboard")
    assert code == 0, f"{said}\n{log}"
    assert nothing_wrong(said)
