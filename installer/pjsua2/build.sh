#!/bin/sh
# Builds our own pjsua2 wheel: sh installer/pjsua2/build.sh [--wheel DIR] (see build.py; --help tells all).
# The Python in use is .venv's, else python3; PYTHON=python3.12 names another. System packages: installer/debian/native.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-$here/../../.venv/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then python=python3; fi
exec "$python" "$here/build.py" "$@"
