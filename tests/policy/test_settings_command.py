"""`callboardctl settings`, as IT runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]


def _run(*arguments: str, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    folders = {name: str(home / name) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        cwd=HOUSE, env=os.environ | folders | environ, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_policy_from_the_environment_is_explained(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('organisation = "IT"\n[locks]\nwindow.theme = "dark"\n')
    done = _run("settings", "--explain", home=tmp_path, CALLBOARD_POLICY=str(policy))
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("window.theme")]
    assert line.split() == ["window.theme", '"dark"', "locked", "by", "policy", "(IT),", f"{policy}:3"]
    done = _run("settings", "--json", home=tmp_path, CALLBOARD_POLICY=str(policy))
    assert {row["name"] for row in json.loads(done.stdout)["settings"] if row["from"] == "lock"} == {
        "window.theme"
    }


def test_a_bad_policy_is_told_and_everything_is_printed(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[locks]\nwindow.theme = 3\n")
    done = _run("settings", home=tmp_path, CALLBOARD_POLICY=str(policy))
    assert done.returncode == 1
    assert 'window.theme = "system"' in done.stdout
    assert f"callboardctl: {policy}:2: locks.window.theme: Expected `str`" in done.stderr
    done = _run("settings", "--check-policy", str(policy), home=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    policy.write_text("[locks]\nwindow.theme = 'dark'\n")
    done = _run("settings", "--check-policy", str(policy), home=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{policy}: good; 1 locks, 0 defaults\n")
    done = _run("settings", "--check-policy", str(tmp_path / "none"), home=tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        f"callboardctl: {tmp_path / 'none'}: there is no such file.\n",
    )
