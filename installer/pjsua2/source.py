"""Gets the pinned sources from Debian's archive, without touching the machine's own package lists.

Debian carries PJSIP inside its source package of Asterisk. What counts is the SHA-256 below: a file that has
it is the file meant, wherever it came from, and one that has not is never unpacked.
"""

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fault import BuildFault

SUITES = ("sid", "testing", "bookworm")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Source:
    """A tar archive: what it is called here, the Debian source package that holds it, and its SHA-256."""

    name: str
    version: str
    package: str
    sha256: str

    @property
    def given(self) -> str:
        """The environment variable that names a file to take instead of asking Debian."""
        return f"{self.name.upper()}_SOURCE"


PJSIP = Source(
    "pjsip", "2.17", "asterisk", "6860c2f7604b4eee75f38151a9ef69774eb3f0c5286fc1d14bc1db2dc5a9e8aa"
)
# The release that PJSIP 2.17 names as its own; Debian takes it out of the archive above. Built here, with
# OpenSSL: Debian's library of it hangs on NSS.
SRTP = Source("srtp", "2.5.0", "libsrtp2", "8a43ef8e9ae2b665292591af62aa1a4ae41e468b6d98d8258f91478735da4e09")


def fetch(sources: tuple[Source, ...], work: Path) -> dict[Source, Path]:
    """Return the files, from the person, the cache or Debian. Raises BuildFault."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callboard" / "sources"
    cache.mkdir(parents=True, exist_ok=True)
    found = {source: _at_hand(source, cache) for source in sources}
    if not all(found.values()):
        archive = _Archive(work / "apt")
        for source in (source for source, path in found.items() if path is None):
            found[source] = archive.download(source, cache / _file_name(source))
    return {source: path for source, path in found.items() if path is not None}


def _file_name(source: Source) -> str:
    return f"{source.name}-{source.version}-{source.sha256[:16]}.tar"


def _at_hand(source: Source, cache: Path) -> Path | None:
    given = os.environ.get(source.given)
    if given:
        path = Path(given)
        if not path.is_file():
            raise BuildFault(f"{source.given}={given} is not a file.")
        if _sha256(path) != source.sha256:
            raise BuildFault(
                f"{given} is not the {source.name} {source.version} that this script knows: "
                f"its SHA-256 is not {source.sha256}."
            )
        return path
    cached = cache / _file_name(source)
    return cached if cached.is_file() and _sha256(cached) == source.sha256 else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Archive:
    """Debian's archive of sources, asked through an apt with folders of its own."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("apt-get"):
            raise BuildFault("There is no apt-get here to get the sources with. " + _by_hand())
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("etc", "lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        self._mirror = _mirror()
        trust = f"[signed-by={KEYRING}] " if KEYRING.exists() else "[trusted=yes] "  # the SHA-256 decides
        lines = (f"deb-src {trust}{self._mirror} {suite} main\n" for suite in SUITES)
        (folder / "etc/sources.list").write_text("".join(lines))
        (folder / "apt.conf").write_text(_configuration(folder))
        self._environment = os.environ | {"APT_CONFIG": str(folder / "apt.conf")}
        self._ask("apt-get", "-qq", "update")

    def download(self, source: Source, into: Path) -> Path:
        """Download the file with the SHA-256 of `source`."""
        stanzas = self._ask("apt-cache", "showsrc", "--only-source", source.package).split("\n\n")
        for stanza in stanzas:
            line = re.search(rf"^ {source.sha256} \d+ (\S+)$", stanza, re.MULTILINE)
            folder = re.search(r"^Directory: (\S+)$", stanza, re.MULTILINE)
            if line and folder:
                address = f"{self._mirror.rstrip('/')}/{folder[1]}/{line[1].replace('+', '%2b')}"
                part = into.with_suffix(f".{os.getpid()}.part")
                self._ask(
                    "/usr/lib/apt/apt-helper", "download-file", address, str(part), f"SHA256:{source.sha256}"
                )
                part.replace(into)
                return into
        raise BuildFault(
            f"Debian ({', '.join(SUITES)}) does not carry {source.name} {source.version} any more. "
            + _by_hand()
        )

    def _ask(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()
            raise BuildFault(f"Cannot get the sources: {words[-1] if words else command[0]}. " + _by_hand())
        return done.stdout


def _by_hand() -> str:
    named = " and ".join(f"{source.given}=FILE ({source.name} {source.version})" for source in (PJSIP, SRTP))
    return f"Check the network, or name files that you have: {named}."


def _mirror() -> str:
    """Return the Debian mirror that this machine uses itself."""
    listed = subprocess.run(
        ("apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI)"),
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    found = re.search(r"^Packages (\S+/debian/?)$", listed, re.MULTILINE)
    if not found:
        raise BuildFault("This machine's apt has no Debian mirror to get the sources from. " + _by_hand())
    return found[1]


def _configuration(folder: Path) -> str:
    own = subprocess.run(("apt-config", "dump"), capture_output=True, text=True, check=False).stdout
    proxies = [
        line for line in own.splitlines() if re.match(r"Acquire::(https?|ftp)::Proxy", line, re.IGNORECASE)
    ]
    lines = (
        f'Dir::Etc "{folder}/etc/";',
        'Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null"; Dir::Etc::sourceparts "/dev/null";',
        'Dir::Etc::sourcelist "sources.list"; Dir::Etc::preferencesparts "/dev/null";',
        f'Dir::State "{folder}/"; Dir::State::Lists "{folder}/lists"; Dir::State::status "{folder}/status";',
        f'Dir::Cache "{folder}/cache"; Dir::Cache::archives "{folder}/cache/archives"; Dir::Log "{folder}";',
        'APT::Sandbox::User "root"; Debug::NoLocking "true";',
        'Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "3";',
    )
    return "\n".join((*proxies, *lines)) + "\n"
