#!/bin/sh
# Links an unpacked archive of Callboard into a prefix, for this user or for all: install.sh [--remove] [PREFIX]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
remove=
if [ "${1:-}" = --remove ]; then remove=yes; shift; fi
prefix=${1:-$HOME/.local}

place() { # FILE LINK
    if [ -n "$remove" ]; then
        if [ "$(readlink "$2" 2>/dev/null)" = "$1" ]; then rm "$2"; fi
    else
        mkdir -p "$(dirname "$2")"
        ln -sfn "$1" "$2"
    fi
}

for program in callboard callboardctl; do place "$here/$program" "$prefix/bin/$program"; done
(cd "$here/share" && find applications icons metainfo man -type f) | while read -r file; do
    place "$here/share/$file" "$prefix/share/$file"
done
place "$here/share/callboard/shell/callboardctl.1.gz" "$prefix/share/man/man1/callboardctl.1.gz"
if command -v update-desktop-database >/dev/null 2>&1; then
    update-desktop-database -q "$prefix/share/applications" 2>/dev/null || true
fi
if [ -z "$remove" ]; then
    case ":$PATH:" in *":$prefix/bin:"*) ;; *) echo "Note: $prefix/bin is not on the PATH." ;; esac
fi
