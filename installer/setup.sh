#!/bin/sh
# Sets a checkout up: sh installer/setup.sh [demo|test|native|native-off|packages|tools]
#   demo        what a person needs to see Callboard at work (the default)
#   test        that, and what tests and checks need
#   native      what demo does, with our own build of pjsua2 in .venv instead of PyPI's
#   native-off  the way back to PyPI's
#   packages    what test does, and what installer/packages/build.py needs
#   tools       only the system packages that installer/pjsua2/build.sh needs
# Makes .venv with Python 3.11 or 3.12, installs the pinned requirements (every file checked by its hash) and Callboard
# itself, and the Debian/Ubuntu packages that are missing. Says nothing and asks no network when nothing has changed.
#   PYTHON=python3.12   the interpreter to use (default: the newest of 3.12 and 3.11 that runs)
#   SYSTEM=skip         leave system packages alone: you see to them yourself
set -eu
cd "$(dirname "$0")/.."

goal=${1:-demo}
case $goal in
    demo) lists="run"; requirements="requirements.txt" ;;
    test) lists="run test native packages"; requirements="requirements.txt requirements-dev.txt" ;;
    native) lists="run native"; requirements="requirements.txt" ;;
    packages) lists="run native packages"; requirements="requirements.txt requirements-dev.txt" ;;
    native-off) lists="run"; requirements="requirements.txt" ;;
    tools) lists="native"; requirements="" ;;
    *) echo "setup: unknown goal '$goal'; use: sh installer/setup.sh demo|test|native|native-off|packages|tools" >&2; exit 2 ;;
esac

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# ---- one at a time: two makes in one checkout must not build one .venv ----
if [ -z "${CALLBOARD_SETUP_LOCKED:-}" ] && command -v flock >/dev/null 2>&1; then
    CALLBOARD_SETUP_LOCKED=1 exec flock -o installer/setup.sh sh installer/setup.sh "$goal"
fi

# ---- system packages ----
# A line of installer/debian/*.txt: PACKAGE  lib:NAME | cmd:NAME | file:PATH, the proof that it is there.
is_there() {
    case $1 in
        lib:*) printf '%s\n' "$libraries" | grep -qF "${1#lib:}" ;;
        cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
        file:*) for path in ${1#file:}; do [ ! -e "$path" ] || return 0; done; return 1 ;; # a pattern, too
        *) fail "installer/debian: what is '$1'?" ;;
    esac
}

missing() { # prints "PACKAGE PROOF" for each that is not there
    for list in $lists; do
        sed 's/#.*//' "installer/debian/$list.txt" | while read -r package proof; do
            if [ -n "$package" ] && ! is_there "$proof"; then echo "$package $proof"; fi
        done
    done
}

look_for_libraries() {
    PATH="$PATH:/usr/sbin:/sbin"
    libraries=$(ldconfig -p 2>/dev/null || true)
}

may_be_root() { # without asking for a password that nobody is there to type
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

apt() { # everything that apt-get says goes to $log
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
    else sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
    fi </dev/null >"$log" 2>&1
}

debian_packages() { # installs the packages named; an old or empty list of packages is the usual cause of a failure
    may_be_root || fail "these system packages are missing; install them, then run make again:
    sudo apt-get update && sudo apt-get install -y $*"
    say "installing system packages: $*"
    log=$(mktemp)
    apt install -y --no-install-recommends "$@" ||
        { apt update && apt install -y --no-install-recommends "$@"; } || {
        cat "$log" >&2
        rm -f "$log"
        fail "could not install system packages: see above. What is needed: sudo apt-get install -y $*"
    }
    rm -f "$log"
}

how_to_install() { # words for systems without apt-get; one "PACKAGE PROOF" a line on stdin
    dnf=
    names=
    while read -r package proof; do
        names="$names
    ${proof#*:}  (Debian: $package)"
        case $proof in
            lib:*) dnf="$dnf '${proof#lib:}()(64bit)'" ;;
            cmd:*) dnf="$dnf '*/bin/${proof#cmd:}'" ;;
            file:*) dnf="$dnf '${proof#file:}'" ;;
        esac
    done
    say "missing on this system:$names"
    if command -v dnf >/dev/null 2>&1; then say "run: sudo dnf install$dnf"
    elif command -v zypper >/dev/null 2>&1; then say "run: sudo zypper install$dnf"
    else say "install them with this system's package manager, then run make again (SYSTEM=skip goes on without)"
    fi
}

system() {
    [ "$(uname -s)" = Linux ] || return 0 # the wheels for Windows and macOS bring what they need
    [ "${SYSTEM:-}" != skip ] || return 0
    look_for_libraries
    lacking=$(missing)
    [ -n "$lacking" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        printf '%s\n' "$lacking" | how_to_install
        exit 1
    fi
    # shellcheck disable=SC2046  # a list of packages
    debian_packages $(printf '%s\n' "$lacking" | cut -d' ' -f1 | sort -u)
    look_for_libraries
    lacking=$(missing)
    [ -z "$lacking" ] || fail "installed, and still not found:
$lacking"
}

# ---- Python ----
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' >/dev/null 2>&1; }
makes_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

candidates() { # a name that a version manager only pretends to have does not run, and is passed over
    printf '%s\n' python3.12 python3.11 python3 python
    printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12.*/bin/python "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.11.*/bin/python
    printf '%s\n' /usr/bin/python3.12 /usr/bin/python3.11 /usr/bin/python3
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON does not run as Python 3.11 or 3.12; name another, as in: make setup PYTHON=python3.11"
        python=$PYTHON
    else
        python=$(candidates | while read -r name; do
            if fits "$name" && makes_venv "$name"; then echo "$name"; break; fi
        done)
        [ -n "$python" ] || python=$(candidates | while read -r name; do
            if fits "$name"; then echo "$name"; break; fi
        done)
    fi
    [ -n "$python" ] || fail "no Python 3.11 or 3.12 found. Install one (Debian 12, Ubuntu 24.04: sudo apt-get install python3 python3-venv),
or name it: make setup PYTHON=/path/to/python3.12"
    if ! makes_venv "$python"; then # Debian cuts venv out of Python
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if command -v apt-get >/dev/null 2>&1; then debian_packages "python$version-venv"; fi
        makes_venv "$python" || fail "$python cannot make virtual environments: its modules venv and ensurepip are missing"
    fi
}

version_of() { "$1" -c 'import sys; print(sys.version_info[:3])' 2>/dev/null; }

environment() {
    if [ -x .venv/bin/python ] && fits .venv/bin/python; then
        [ -n "${PYTHON:-}" ] || return 0
        [ "$(version_of "$PYTHON")" != "$(version_of .venv/bin/python)" ] || return 0
        say "making .venv anew for $PYTHON"
        [ ! -d .venv/native ] || say "our own pjsua2 goes with the old one; make native builds it for this Python"
    fi
    choose_python
    say "making .venv with $python ($(version_of "$python"))"
    rm -rf .venv
    "$python" -m venv .venv
}

# ---- what goes into .venv ----
mark() { cat "$@" | cksum; }

pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"; }

pinned() { # FILE
    stamp=.venv/stamp-$1
    [ "$(cat "$stamp" 2>/dev/null)" != "$(mark "$1")" ] || return 0
    say "installing $1 (a few minutes the first time)"
    pip install -qq --require-hashes -r "$1" || fail "could not install $1: see above; mend the network or pip's configuration and run make again"
    mark "$1" >"$stamp"
    if [ "$1" = requirements.txt ] && [ -d .venv/native ]; then # pip put PyPI's in its place
        own_pjsua2
        say "kept our own pjsua2 in .venv (make native-off goes back to PyPI's)"
    fi
}

# ---- our own pjsua2 ----
# .venv/native holds the wheel that was installed, and by being there says that it is wanted. It has the name of
# PyPI's, so pip swaps the two cleanly.
own_pjsua2() {
    pip install -qq --no-index --no-deps --force-reinstall .venv/native/*.whl || fail "could not install our own pjsua2: see above"
}

headers() { # of the Python in use, which no list can name
    [ "$(uname -s)" = Linux ] && [ "${SYSTEM:-}" != skip ] || return 0
    "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' && return 0
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    command -v apt-get >/dev/null 2>&1 || fail "the headers of Python $version are missing (Python.h)"
    debian_packages "python$version-dev"
}

native() {
    [ "$(uname -s)" = Linux ] || fail "our own pjsua2 is built on Linux only; here the wheel from PyPI serves"
    built=$(sh installer/pjsua2/build.sh) || exit 1
    wheel=.venv/native/${built##*/}
    if [ -e "$wheel" ] && cmp -s "$built" "$wheel"; then return 0; fi
    rm -rf .venv/native
    mkdir .venv/native
    cp "$built" "$wheel"
    own_pjsua2
    say "our own pjsua2 is in .venv: ${built##*/} (make native-off goes back to PyPI's)"
}

native_off() {
    [ -d .venv/native ] || { say "PyPI's pjsua2 is in .venv already"; return 0; }
    sed -n '/^pjsua2-python==/,/^[^ ]/{/^pjsua2-python==/p;/^ /p;}' requirements.txt >.venv/pjsua2.txt
    pip install -qq --require-hashes --no-deps --force-reinstall -r .venv/pjsua2.txt || fail "could not install PyPI's pjsua2: see above"
    rm -rf .venv/native .venv/pjsua2.txt
    say "PyPI's pjsua2 is in .venv again"
}

project() {
    stamp=.venv/stamp-project
    [ "$(cat "$stamp" 2>/dev/null)" != "$(mark pyproject.toml)" ] || return 0
    pip install -qq --no-index --no-deps --no-build-isolation -e . || fail "could not install Callboard itself into .venv: see above"
    mark pyproject.toml >"$stamp"
}

system
if [ "$goal" = tools ]; then
    if [ -x .venv/bin/python ]; then python=.venv/bin/python; else choose_python; fi
    headers "$python"
    exit 0
fi
environment
case $goal in test | native | packages) headers .venv/bin/python ;; esac
for file in $requirements; do pinned "$file"; done
project
case $goal in
    native) native ;;
    native-off) native_off ;;
esac
