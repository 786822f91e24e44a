"""Unpacks, configures, compiles and links PJSIP and its Python module."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from fault import BuildFault
from source import PJSIP, SRTP, Source

HERE = Path(__file__).resolve().parent
TARGET = f"{os.uname().machine}-callboard-linux-gnu"
CONFIGURE = (
    "--enable-epoll", "--disable-video", "--disable-libyuv", "--disable-libwebrtc", "--enable-libwebrtc-aec3",
    "--disable-ilbc-codec", "--disable-g7221-codec", "--with-external-speex", "--with-external-gsm",
    "--enable-speex-resample", "--disable-speex-aec", "--disable-bcg729", "--disable-lyra", "--disable-silk",
    "--disable-opencore-amr",
)  # fmt: skip
HARDEN = (
    "-fPIC", "-fstack-protector-strong", "-fstack-clash-protection",
    "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3",
    *(("-fcf-protection",) if os.uname().machine == "x86_64" else ()),
)  # fmt: skip
LINK = ("-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,--as-needed")
WATCH = ("-Wall", "-Wextra", "-Wformat", "-Wformat-security", "-Wno-unused-parameter")
# Copied into the wheel, beside the module: none of them is on every machine. What is there: libc, libstdc++,
# libssl (3, the one that Python itself uses, so that one update mends both), libuuid, and libasound, which
# must be the system's own because it loads the system's plug-ins. Debian's static libraries are of no use for
# this: they are not position-independent.
CARRIED = {"libopus.so.0": "libopus0", "libspeex.so.1": "libspeex1", "libspeexdsp.so.1": "libspeexdsp1",
           "libgsm.so.1": "libgsm1"}  # fmt: skip
EPOCH = "1776902400"  # a fixed date for whatever asks for one; the bytes depend on the inputs alone


@dataclass
class Toolchain:
    """Runs commands with one environment and keeps all that they say."""

    log: Path
    jobs: int
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, cwd: Path) -> None:
        """Run to the end. Raises BuildFault with the last lines of the log."""
        self.wait(self.start(*command, cwd=cwd), command)

    def start(self, *command: str, cwd: Path) -> "subprocess.Popen[bytes]":
        """Begin a command, for `wait`."""
        with self.log.open("ab") as log:
            log.write(f"\n$ {' '.join(command)}\n".encode())
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=cwd,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self, process: "subprocess.Popen[bytes]", command: tuple[str, ...]) -> None:
        """Raise BuildFault unless it ends well."""
        if process.wait():
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise BuildFault(f"{command[0]} failed in {self.log}:\n{last}")

    def ask(self, *command: str, cwd: Path) -> list[str]:
        """Return the lines that a command prints."""
        done = subprocess.run(
            command, cwd=cwd, env=os.environ | self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildFault(f"{' '.join(command)} failed: {done.stderr.strip()}")
        return done.stdout.split("\n")


def unpack(files: dict[Source, Path], work: Path) -> Path:
    """Unpack the archives, put SRTP into its place, and return PJSIP's folder."""
    for source, path in files.items():
        with tarfile.open(path) as archive:
            # Python 3.11.2, Debian 12's own, has no filters yet.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
            archive.extractall(work / f"{source.name}.unpacked")
    (top,) = (work / f"{PJSIP.name}.unpacked").iterdir()
    (srtp,) = (work / f"{SRTP.name}.unpacked").iterdir()
    top.rename(work / "pjsip")
    srtp.rename(work / "pjsip/third_party/srtp")
    shutil.copy(HERE / "config_site.h", work / "pjsip/pjlib/include/pj/config_site.h")
    _mend(work / "pjsip/pjmedia/build/Makefile", "bdimad_dev.o", "")  # Debian leaves that source out
    _mend(
        work / "pjsip/third_party/build/srtp/Makefile", "pjlib/srtp_err.o", "crypto/kernel/err.o"
    )  # PJSIP's own copy
    return work / "pjsip"


def _mend(makefile: Path, old: str, new: str) -> None:
    text = makefile.read_text()
    if old not in text:
        raise BuildFault(f"{makefile} is not as expected: it has no {old}.")
    makefile.write_text(text.replace(old, new))


def configure(tools: Toolchain, pjsip: Path) -> None:
    """Choose the parts. Raises BuildFault when one that we count on was not found."""
    flags = ("-O2", "-DNDEBUG=1", *HARDEN, *WATCH, f"-ffile-prefix-map={pjsip}=pjsip")
    tools.environment |= {
        "CONFIG_SHELL": "/bin/bash",  # the script uses bash's += under #!/bin/sh
        "CFLAGS": " ".join(flags),
        "CXXFLAGS": "",
        "LDFLAGS": " ".join(LINK[:2]),
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": EPOCH,
        "ZERO_AR_DATE": "1",
    }
    tools.run("/bin/bash", "./aconfigure", f"--host={TARGET}", f"--build={TARGET}", *CONFIGURE, cwd=pjsip)
    for name in ("CFLAGS", "CXXFLAGS", "LDFLAGS"):
        del tools.environment[name]  # they are in build.mak now, and would be added once more
    said = tools.log.read_text(errors="replace")
    for wanted, package in (
        (r"OpenSSL library found", "libssl-dev"), (r"OPUS library found", "libopus-dev"),
        (r"sound device backend\.\.\. alsa", "libasound2-dev"),
        (r"ioqueue backend\.\.\. /dev/epoll", "libc6-dev"),
        (r"AEC3 can be compiled with C\+\+17\.\.\. yes", "g++"),
        (r"uuid_generate in -luuid\.\.\. yes", "uuid-dev"),
        (r"SRTP will use OpenSSL", "libssl-dev"),
    ):  # fmt: skip
        if not re.search(wanted, said):
            raise BuildFault(f"PJSIP did not find what {package} brings (no '{wanted}' in {tools.log}).")


def compile_all(tools: Toolchain, pjsip: Path, into: Path) -> None:
    """Compile the libraries and the wrapper beside each other, and link the module into the folder `into`."""
    swig = pjsip / "pjsip-apps/src/swig/python"
    parts = ("pjlib", "pjlib-util", "pjmedia", "pjsip", "pjnath")
    wrap = ("-c++", "-w312", "-threads", "-python", *(f"-I../../../../{part}/include" for part in parts))
    make = ("make", f"-j{tools.jobs}", "lib")
    libraries = tools.start(*make, cwd=pjsip)
    tools.run("swig", *wrap, "-o", "pjsua2_wrap.cpp", "../pjsua2.i", cwd=swig)
    flags = _asked(tools, swig, "cflags")
    python = f"-I{sysconfig.get_path('include')}"
    # Glue code, 200,000 lines in one file: -O1 halves the time of its compiler, and nothing is slower for it.
    tools.run("g++", "-c", *flags, "-O1", python, "pjsua2_wrap.cpp", "-o", "pjsua2_wrap.o", cwd=swig)
    tools.wait(libraries, make)
    into.mkdir(parents=True, exist_ok=True)
    module = into / f"_pjsua2{sysconfig.get_config_var('EXT_SUFFIX')}"
    names = [f"-l{name}" for name in _asked(tools, swig, "libs")]
    link = ("g++", "-shared", "-o", str(module), "pjsua2_wrap.o", *_asked(tools, swig, "ldflags"), *LINK[2:],
            "-Wl,-rpath,$ORIGIN/libs", "-Wl,--enable-new-dtags", *names)  # fmt: skip
    tools.run(*link, cwd=swig)
    tools.run("strip", "--strip-unneeded", str(module), cwd=swig)
    shutil.copy(swig / "pjsua2.py", into / "pjsua2.py")
    _carry(tools, module, into / "libs")
    tools.run(sys.executable, "-c", "import pjsua2", cwd=into)  # binds every symbol at once
    shutil.rmtree(into / "__pycache__", ignore_errors=True)


def _asked(tools: Toolchain, swig: Path, what: str) -> list[str]:
    return [line for line in tools.ask("make", "-s", "-f", "helper.mak", what, cwd=swig) if line]


def _carry(tools: Toolchain, module: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    places = dict(re.findall(r"(\S+) => (\S+)", "\n".join(tools.ask("ldd", str(module), cwd=module.parent))))
    for name in CARRIED:
        if name not in places:
            raise BuildFault(f"The module does not use {name}: was its -dev package of another version?")
        shutil.copy(Path(places[name]).resolve(), folder / name)


def check_tools() -> None:
    """Raise BuildFault naming the package of the first thing that is missing."""
    header = Path(sysconfig.get_path("include")) / "Python.h"
    places = {
        "swig": "swig", "g++": "g++", "make": "make", "strip": "binutils", "readelf": "binutils",
        "ldd": "libc-bin",
    }  # fmt: skip
    lacking = [package for name, package in places.items() if not shutil.which(name)]
    if not header.exists():
        lacking.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-dev")
    if lacking:
        raise BuildFault(f"Missing: {' '.join(lacking)}. Run: sh installer/setup.sh tools")
