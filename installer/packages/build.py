"""`make packages`: both .debs, the archive for other distributions, bills of materials, sums and a signature.

    build.py [--out DIR] [--version V] [--own-pjsua2] [--key FILE] [--quick] [--only desk|centre]

The key is one of minisign; its password is read from MINISIGN_PASSWORD. Everything is dated by the commit
(SOURCE_DATE_EPOCH names another time), so that a second build gives the same bytes.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import archive
import deb
import sbom
import sums
from freeze import BuildFault, copy_sources, freeze, run

ROOT = Path(__file__).resolve().parent.parent.parent
_KINDS = {"desk": deb.DESK, "centre": deb.CENTRE}
_ALSO = ("pyproject.toml", "requirements.txt")
# Of our own scripts, those that say what is frozen and how; the others work on what is frozen already.
_FREEZING = ("callboard.spec", "contents.py", "freeze.py", "program.py", "runtime.py", "standins")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build; 0 when all is there, 1 when something failed."""
    chosen = _parser().parse_args(arguments)
    try:
        made = build(chosen)
    except BuildFault as fault:
        print(f"packages: {fault}", file=sys.stderr)
        return 1
    for file in made:
        print(f"{file.stat().st_size / 1e6:8.1f} MB  {file}")
    return 0


def build(chosen: argparse.Namespace) -> list[Path]:
    """Build what was asked for and return the files. Raises BuildFault."""
    work = Path(chosen.work or ROOT / "build" / "packages").absolute()
    work.mkdir(parents=True, exist_ok=True)
    out = Path(chosen.out or ROOT / "dist").absolute()
    made = deb.Build(
        root=ROOT,
        work=work,
        version=chosen.version or f"{own_version()}-1",
        epoch=epoch(),
        architecture=run(["dpkg", "--print-architecture"]).strip(),
    )
    if chosen.quick:
        made = replace(made, compression=("-Znone",))
    packages = [chosen.only] if chosen.only else list(_KINDS)
    frozen = frozen_folders(made, packages, _wheel(chosen, work))
    return packed(made, frozen, out, chosen)


def _wheel(chosen: argparse.Namespace, work: Path) -> Path | None:
    if chosen.pjsua2:
        return Path(chosen.pjsua2)
    if not chosen.own_pjsua2:
        return None
    folder = work / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, ROOT / "installer/pjsua2/build.py", "--wheel", folder])
    return next(folder.glob("*.whl"))


def packed(build_: deb.Build, frozen: dict[str, Path], out: Path, chosen: argparse.Namespace) -> list[Path]:
    """Stage and pack each folder, then write sums and signature."""
    files = []
    out.mkdir(parents=True, exist_ok=True)
    for package, folder in frozen.items():
        kind = _KINDS[package]
        bill = build_.work / f"{kind.name}.cdx.json"
        ready = replace(build_, extra={kind.name: {f"usr/share/doc/{kind.name}/sbom.cdx.json": bill}})
        staged = deb.stage(ready, kind, folder, build_.work / "stage" / kind.name)
        name = f"{kind.name}_{build_.version}_{build_.architecture}"
        files.append(deb.pack(ready, staged, out / f"{name}.deb"))
        files.append(Path(shutil.copyfile(bill, out / f"{name}.cdx.json")))
        if package == "desk" and not chosen.quick:
            files.append(
                archive.pack(ready, staged, out / f"callboard-{build_.version}-{build_.architecture}.tar.xz")
            )
    files.append(sums.write(files, out / "SHA256SUMS"))
    if chosen.key:
        files.append(sums.sign(files[-1], Path(chosen.key), f"callboard {build_.version}"))
    return files


def own_version() -> str:
    """Return the version that the programs tell."""
    found = re.search(r'^__version__ = "([^"]+)"', (ROOT / "console/__init__.py").read_text(), re.MULTILINE)
    if found is None:
        raise BuildFault("console/__init__.py has no __version__")
    return found[1]


def epoch() -> int:
    """Return the time that everything in the packages is dated by."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    if (ROOT / ".git").exists():
        return int(run(["git", "log", "-1", "--format=%ct"], cwd=ROOT).strip())
    return int((ROOT / "CHANGELOG.md").stat().st_mtime)


def frozen_folders(build_: deb.Build, packages: Sequence[str], wheel: Path | None) -> dict[str, Path]:
    """Return the frozen folders; those of the last build when nothing that goes into them has changed."""
    source = copy_sources(ROOT, build_.work / "source")
    for each in _ALSO:
        shutil.copyfile(ROOT / each, source / each)
    names = {each: build_.work / "frozen" / _KINDS[each].name for each in packages}
    first = [_own_pjsua2(wheel, build_.work / "pjsua2")] if wheel else []
    stamp = build_.work / "frozen.stamp"
    mark = _mark(source, wheel, build_.epoch)
    frozen = stamp.is_file() and stamp.read_text() == mark
    if not (frozen and all((each / "_internal").is_dir() for each in names.values())):
        for each in (*names.values(), *([] if frozen else [build_.work / "frozen"])):
            shutil.rmtree(each, ignore_errors=True)
        for old in (stamp, *build_.work.glob("*.needs"), *build_.work.glob("*.cdx.json")):
            old.unlink(missing_ok=True)
        freeze(source, build_.work, packages, build_.epoch, first)
        stamp.write_text(mark)
    _helpers(build_, source)
    _bills(build_, names, first, source)
    return names


def _helpers(build_: deb.Build, source: Path) -> None:
    """Manual pages, completions and icons, made by processes that see the copied sources only."""
    here = source / "installer/packages"
    env = {"PYTHONPATH": str(source), "PYTHONHASHSEED": "0", "COLUMNS": "80"}
    for each in ("manual", "icons"):
        shutil.rmtree(build_.work / each, ignore_errors=True)
    date = deb.filled(build_, deb.DESK, "@DATE@")
    run([sys.executable, here / "manual.py", build_.work / "manual", date, own_version()], env=env)
    run(
        [sys.executable, here / "icons.py", source / "resources/icons/callboard.svg", build_.work / "icons"],
        env=env,
    )


def _bills(build_: deb.Build, frozen: dict[str, Path], first: list[Path], source: Path) -> None:
    whole = sbom.environment(first, source)
    for package, folder in frozen.items():
        kind = _KINDS[package]
        tocs = build_.work / f"pyinstaller-{package}" / "callboard"
        wanted = sbom.frozen_distributions(tocs / "PYZ-00.toc") | sbom.frozen_distributions(
            tocs / "COLLECT-00.toc"
        )
        made = sbom.bill(whole, wanted, folder, kind.name, build_.version)
        (build_.work / f"{kind.name}.cdx.json").write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")


def _own_pjsua2(wheel: Path, to: Path) -> Path:
    """Unpack our own build of PJSIP: it is found before the one from the registry."""
    shutil.rmtree(to, ignore_errors=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
    ]
    run([*pip, "--no-compile", "--target", to, wheel])
    return to


def _mark(source: Path, wheel: Path | None, when: int) -> str:
    """Return a hash over everything that a frozen folder is made of."""
    total = hashlib.sha256(f"{when} {sys.version}".encode())
    scripts = source / "installer/packages"
    for file in sorted(each for each in source.rglob("*") if each.is_file()):
        if file.is_relative_to(scripts) and file.relative_to(scripts).parts[0] not in _FREEZING:
            continue
        total.update(f"{file.relative_to(source)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    if wheel:
        total.update(hashlib.sha256(wheel.read_bytes()).digest())
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--all"], check=False, capture_output=True
    )
    total.update(listed.stdout)
    return total.hexdigest()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__.split("\n\n", maxsplit=1)[0])
    add: Callable[..., object] = parser.add_argument
    add("--out", metavar="DIR", help="where the packages go (dist)")
    add("--work", metavar="DIR", help="where the work is done (build/packages)")
    add("--version", metavar="V", help="another version of the packages than the programs' own")
    add("--own-pjsua2", action="store_true", help="with our own build of PJSIP, built first where need be")
    add("--pjsua2", metavar="WHEEL", help="with this build of PJSIP instead of the one installed")
    add("--key", metavar="FILE", help="secret key of minisign; its password in MINISIGN_PASSWORD")
    add("--quick", action="store_true", help="do not compress, and make no archive: for tests")
    add("--only", choices=sorted(_KINDS), help="one of the two packages")
    return parser


if __name__ == "__main__":
    sys.exit(main())
