#!/bin/sh
# Pins what pyproject.toml asks for, with hashes, for every platform and both Pythons:
#   requirements.txt       the centre, the desk and the build back end
#   requirements-dev.txt   what tests and checks need on top
# Versions already pinned stay unless UPGRADE=1. The files name no registry: pip uses the one it is configured with.
set -eu
cd "$(dirname "$0")/.."

upgrade=${UPGRADE:+--upgrade}
compile() {
    # shellcheck disable=SC2086  # upgrade is empty or one word
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        $upgrade --extra desk --group build "$@" pyproject.toml >/dev/null
}

compile -o requirements.txt
have=$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.txt | tr '\n' ' ')
# shellcheck disable=SC2086  # a list of options
compile --group dev --extra postgresql -c requirements.txt $have -o requirements-dev.txt
echo "pinned: $(grep -c '==' requirements.txt) to run, $(grep -c '==' requirements-dev.txt) more to develop"
