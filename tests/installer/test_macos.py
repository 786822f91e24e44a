"""What of the macOS package can be seen anywhere: the bundle's words and rights, what the script refuses."""

import plistlib
import re
import subprocess
from pathlib import Path

from console.domain import links
from installer.macos import info
from installer.macos.icon import icns_of
from installer.policy.apple import DOMAIN
from tests.machine import tool

HERE = Path(info.__file__).parent


def test_the_bundle_opens_the_links_that_the_desk_reads() -> None:
    told = info.info_plist("1.2.3")
    assert plistlib.loads(plistlib.dumps(told)) == told
    opened = [scheme for kind in told["CFBundleURLTypes"] for scheme in kind["CFBundleURLSchemes"]]
    assert sorted(opened) == sorted(links.SCHEMES)
    assert told["CFBundleShortVersionString"] == "1.2.3"
    assert told["CFBundleIdentifier"] == DOMAIN  # managed preferences are found by it


def test_the_bundle_says_why_it_wants_the_microphone_in_every_language() -> None:
    told = info.info_plist("1.2.3")
    assert set(info.localised()) == set(told["CFBundleLocalizations"])
    for text in info.localised().values():
        entries = re.findall(r'^"(\w+)" = "([^"\\]+)";$', text, flags=re.MULTILINE)
        assert len(entries) == len(text.splitlines())
        assert {key for key, _ in entries} == {key for key in told if key.endswith("UsageDescription")}


def test_the_hardened_runtime_gives_the_microphone_and_no_more_than_needed() -> None:
    entitlements = plistlib.loads((HERE / "entitlements.plist").read_bytes())
    assert entitlements == {
        "com.apple.security.device.audio-input": True,
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
    }


def test_at_sign_in_the_agent_asks_the_settings() -> None:
    agent = plistlib.loads((HERE / "org.callboard.Callboard.agent.plist").read_bytes())
    assert agent["ProgramArguments"][1:] == ["--at-login"]
    assert agent["RunAtLoad"] is True
    assert "KeepAlive" not in agent  # who closes it, closed it


def test_the_script_says_what_it_misses(tmp_path: Path) -> None:
    script = ["sh", str(HERE / "make_dmg.sh")]
    used = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (used.returncode, used.stderr.split(":")[0]) == (2, "usage")
    none = subprocess.run(
        [*script, str(tmp_path / "No.app"), "x.dmg"], capture_output=True, text=True, check=False
    )
    assert none.returncode == 1
    assert "run PyInstaller first" in none.stderr
    (tmp_path / "Some.app/Contents/MacOS").mkdir(parents=True)
    here = subprocess.run(
        [*script, str(tmp_path / "Some.app"), "x.dmg"], capture_output=True, text=True, check=False,
        env={"PATH": str(Path(tool("dirname")).parent)},
    )  # fmt: skip
    assert here.returncode == 1
    assert "this runs on macOS" in here.stderr


def test_the_words_are_put_into_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "Callboard.app"
    subprocess.run([tool("python3"), str(HERE / "localise.py"), str(bundle)], check=True)
    german = bundle / "Contents/Resources/de.lproj/InfoPlist.strings"
    assert "Mikrofon" in german.read_text(encoding="utf-8")


def test_the_icon_holds_the_picture() -> None:
    png = (HERE.parent.parent / "resources/icons/callboard.png").read_bytes()
    icon = icns_of(png)
    assert icon[:4] == b"icns"
    assert int.from_bytes(icon[4:8], "big") == len(icon)
    assert icon[8:12] == b"ic08"  # 256 by 256
    assert icon[16:] == png
