"""Lays a frozen folder out as Debian wants it, and packs it: the same files give the same bytes."""

import gzip
import hashlib
import os
import re
import shutil
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from freeze import BuildFault, is_elf, run

MAINTAINER = "The Callboard developers <packages@callboard.org>"
_SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


@dataclass(frozen=True)
class Kind:
    """What sets one of the packages apart."""

    name: str
    section: str
    summary: str
    description: str
    programs: tuple[str, ...]
    priority: int  # of its callboardctl, where both packages are installed
    needs: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()


DESK = Kind(
    name="callboard",
    section="comm",
    summary="softphone for contact-centre agents, and a live wallboard",
    description="""\
 The phone of an agent in a contact centre: it says who calls, from which queue
 and how long they waited, and keeps a history that works without the network.
 Supervisors see the wallboard: queues, agents, who waits, the day's figures.
 Without a centre it is a plain SIP phone.
 .
 It brings its own Python and Qt.""",
    programs=("callboard",),
    priority=60,
    needs=("tzdata",),
    recommends=("ca-certificates", "fonts-dejavu-core", "gnome-keyring | kwalletmanager", "xdg-utils"),
    suggests=("callboard-centre",),
)
CENTRE = Kind(
    name="callboard-centre",
    section="net",
    summary="centre of a contact centre: queues, agents, switch, figures",
    description="""\
 What agents' and supervisors' windows (package callboard) talk to: it queues
 callers, finds an agent for each, carries the calls, and keeps one append-only
 ledger that live and historical figures are made of.
 .
 It brings its own Python, and runs as a service with a user of its own.""",
    programs=(),
    priority=40,
    needs=("adduser", "init-system-helpers (>= 1.54)", "tzdata"),
    recommends=("ca-certificates",),
    suggests=("postgresql",),
)


@dataclass(frozen=True)
class Build:
    """What all packages of one build share."""

    root: Path  # the checkout
    work: Path
    version: str  # of the package, as 0.1.0-1
    epoch: int  # seconds since 1970: the commit's time
    architecture: str
    compression: tuple[str, ...] = ("-Zxz", "-z6", "--threads-max=2")
    extra: dict[str, dict[str, Path]] = field(default_factory=dict)  # package: path in it: file

    @property
    def linux(self) -> Path:
        """The folder of what Linux wants of a package."""
        return self.root / "installer" / "linux"


def stage(build: Build, kind: Kind, frozen: Path, to: Path) -> Path:
    """Lay the package out under `to`, control files included. The frozen files are linked, not copied."""
    shutil.rmtree(to, ignore_errors=True)
    home = to / "usr/lib" / kind.name
    shutil.copytree(frozen, home, copy_function=_link, symlinks=True)
    (to / "usr/bin").mkdir(parents=True)
    for program in kind.programs:
        (to / "usr/bin" / program).symlink_to(f"../lib/{kind.name}/{program}")
    _documents(build, kind, to)
    _shells(build, kind, to)
    (_desk_files if kind is DESK else _centre_files)(build, to)
    for path, file in build.extra.get(kind.name, {}).items():
        _put(to / path, file.read_bytes())
    _modes(to)
    _control(build, kind, to)
    return to


def pack(build: Build, staged: Path, to: Path) -> Path:
    """Pack what was staged. Every file gets the time of the commit, and belongs to root."""
    for path in sorted(staged.rglob("*"), reverse=True):
        os.utime(path, (build.epoch, build.epoch), follow_symlinks=False)
    os.utime(staged, (build.epoch, build.epoch))
    to.parent.mkdir(parents=True, exist_ok=True)
    env = {"SOURCE_DATE_EPOCH": str(build.epoch), "LC_ALL": "C", "TZ": "UTC"}
    run(["dpkg-deb", "--root-owner-group", *build.compression, "--build", staged, to], env=env)
    return to


def _link(source: str, target: str) -> None:
    os.link(source, target)


def _put(file: Path, content: bytes, *, packed: bool = False) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content, 9, mtime=0) if packed else content)


def _documents(build: Build, kind: Kind, to: Path) -> None:
    folder = to / "usr/share/doc" / kind.name
    when = formatdate(build.epoch, usegmt=True).replace("GMT", "+0000")
    words = f"{kind.name} ({build.version}) stable; urgency=medium\n\n  * See changelog.gz.\n\n"
    words += f" -- {MAINTAINER}  {when}\n"
    _put(folder / "changelog.Debian.gz", words.encode(), packed=True)
    _put(folder / "changelog.gz", (build.root / "CHANGELOG.md").read_bytes(), packed=True)
    _put(folder / "README.md.gz", (build.root / "README.md").read_bytes(), packed=True)
    _put(folder / "copyright", (build.linux / "copyright").read_bytes())
    _put(
        to / "usr/share/lintian/overrides" / kind.name,
        (build.linux / "debian" / f"{kind.name}.lintian").read_bytes(),
    )


def _shells(build: Build, kind: Kind, to: Path) -> None:
    """Pages and completions: those of callboardctl lie with its program, update-alternatives links them."""
    made = build.work / "manual"
    for folder in _FOLDERS:  # where update-alternatives puts its links
        (to / "usr/share" / folder).mkdir(parents=True, exist_ok=True)
    for name in (*kind.programs, "callboardctl"):
        for path, file in _shell_places(kind, name).items():
            _put(to / path, (made / file).read_bytes(), packed=path.endswith(".gz"))


_FOLDERS = ("man/man1", "bash-completion/completions", "zsh/vendor-completions", "fish/vendor_completions.d")


def _shell_places(kind: Kind, name: str) -> dict[str, str]:
    if name == "callboardctl":
        base = f"usr/share/{kind.name}/shell"
        return {
            f"{base}/callboardctl.1.gz": f"{name}.1",
            f"{base}/callboardctl.bash": f"{name}.bash",
            f"{base}/_callboardctl": f"{name}.zsh",
            f"{base}/callboardctl.fish": f"{name}.fish",
        }
    return {
        f"usr/share/man/man1/{name}.1.gz": f"{name}.1",
        f"usr/share/bash-completion/completions/{name}": f"{name}.bash",
        f"usr/share/zsh/vendor-completions/_{name}": f"{name}.zsh",
        f"usr/share/fish/vendor_completions.d/{name}.fish": f"{name}.fish",
    }


def alternatives(kind: Kind) -> str:
    """Return the shell lines that make this package's callboardctl one of those on the machine."""
    shell = f"/usr/share/{kind.name}/shell"
    slaves = {
        "/usr/share/man/man1/callboardctl.1.gz callboardctl.1.gz": "callboardctl.1.gz",
        "/usr/share/bash-completion/completions/callboardctl callboardctl.bash": "callboardctl.bash",
        "/usr/share/zsh/vendor-completions/_callboardctl callboardctl.zsh": "_callboardctl",
        "/usr/share/fish/vendor_completions.d/callboardctl.fish callboardctl.fish": "callboardctl.fish",
    }
    lines = [
        f"    update-alternatives --quiet --install /usr/bin/callboardctl callboardctl \\\n"
        f"        /usr/lib/{kind.name}/callboardctl {kind.priority} \\",
    ]
    lines += [f"        --slave {link} {shell}/{file} \\" for link, file in slaves.items()]
    return "\n".join(lines).removesuffix(" \\")


def _desk_files(build: Build, to: Path) -> None:
    _put(to / "usr/share/applications/callboard.desktop", (build.linux / "callboard.desktop").read_bytes())
    _put(to / "etc/xdg/autostart/callboard.desktop", (build.linux / "autostart.desktop").read_bytes())
    meta = (build.linux / "org.callboard.Callboard.metainfo.xml").read_text()
    _put(to / "usr/share/metainfo/org.callboard.Callboard.metainfo.xml", filled(build, DESK, meta).encode())
    shutil.copytree(build.work / "icons", to / "usr/share/icons/hicolor", copy_function=_link)


def _centre_files(build: Build, to: Path) -> None:
    _put(
        to / "usr/lib/systemd/system/callboard-centre.service",
        (build.linux / "callboard-centre.service").read_bytes(),
    )
    _put(to / "etc/callboard/centre.toml", (build.linux / "centre.toml").read_bytes())
    _put(to / "usr/share/doc/callboard-centre/README.Debian", (build.linux / "README.Debian").read_bytes())


def filled(build: Build, kind: Kind, text: str) -> str:
    """Return a template with its @WORDS@ filled in."""
    from datetime import UTC, datetime

    words = {
        "@VERSION@": build.version,
        "@DATE@": datetime.fromtimestamp(build.epoch, UTC).date().isoformat(),
        "@FOLDER@": f"/usr/lib/{kind.name}",
        "@ALTERNATIVES@": alternatives(kind),
    }
    return re.sub(r"@[A-Z]+@", lambda found: words[found[0]], text)


def _modes(to: Path) -> None:
    for path in (to, *to.rglob("*")):
        if path.is_symlink():
            continue
        if path.is_dir():
            path.chmod(0o755)
        else:
            starts = path.parent.parent == to / "usr/lib" and is_elf(path)
            path.chmod(0o755 if starts else 0o644)


def _control(build: Build, kind: Kind, to: Path) -> None:
    control = to / "DEBIAN"
    files = [each for each in sorted(to.rglob("*")) if each.is_file() and not each.is_symlink()]
    sizes = {(each.stat().st_dev, each.stat().st_ino): each.stat().st_size for each in files}
    size = sum(-(-each // 1024) for each in sizes.values())
    sums = "".join(f"{_md5(each)}  {each.relative_to(to)}\n" for each in files)
    needs = [*libraries(build, kind, to), *kind.needs]
    lines = [
        f"Package: {kind.name}",
        f"Version: {build.version}",
        f"Architecture: {build.architecture}",
        f"Maintainer: {MAINTAINER}",
        f"Installed-Size: {size}",
        f"Depends: {', '.join(sorted(needs))}",
        *([f"Recommends: {', '.join(kind.recommends)}"] if kind.recommends else []),
        *([f"Suggests: {', '.join(kind.suggests)}"] if kind.suggests else []),
        f"Section: {kind.section}",
        "Priority: optional",
        f"Description: {kind.summary}",
        kind.description,
    ]
    control.mkdir()
    (control / "control").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (control / "md5sums").write_text(sums, encoding="utf-8")
    kept = [f"/{each.relative_to(to)}\n" for each in files if each.is_relative_to(to / "etc")]
    (control / "conffiles").write_text("".join(kept), encoding="utf-8")
    for each in _SCRIPTS:
        text = (build.linux / "debian" / f"{kind.name}.{each}").read_text(encoding="utf-8")
        text = text.replace("@SIZE@", str(size))
        (control / each).write_text(filled(build, kind, text), encoding="utf-8")
    for each in control.iterdir():
        each.chmod(0o755 if each.name in _SCRIPTS else 0o644)
    control.chmod(0o755)


def _md5(file: Path) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def libraries(build: Build, kind: Kind, staged: Path) -> list[str]:
    """Return the Debian packages that the libraries in the package are linked against, with versions.

    They are asked for once for a frozen folder.
    """
    known = build.work / f"{kind.name}.needs"
    if known.is_file():
        return known.read_text(encoding="utf-8").splitlines()
    home = staged / "usr/lib" / kind.name
    folder = build.work / f"shlibdeps-{kind.name}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "debian").mkdir(parents=True)
    (folder / "debian/control").write_text(f"Source: callboard\n\nPackage: {kind.name}\nArchitecture: any\n")
    found = [each for each in sorted(home.rglob("*")) if is_elf(each)]
    places = sorted({each.parent for each in found})
    said = run(
        [
            "dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0",
            *(f"-l{place}" for place in places), *(f"-e{each}" for each in found),
        ],
        cwd=folder,
    )  # fmt: skip
    match = re.search(r"^shlibs:Depends=(.*)$", said, re.MULTILINE)
    if match is None:
        raise BuildFault("dpkg-shlibdeps found no library that the package needs")
    known.write_text("\n".join(match[1].split(", ")) + "\n", encoding="utf-8")
    return match[1].split(", ")
