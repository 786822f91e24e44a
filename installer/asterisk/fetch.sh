#!/bin/bash
# fetch.sh DEST [SUITE] : real Asterisk from Debian SUITE (default sid: Asterisk 22; noble is Ubuntu 24.04's: Asterisk 20)
# into DEST/root, without touching the host's apt or dpkg.
# Mirror and keyring come from the machine's own apt sources. Needs: apt, dpkg-deb, tar, flock. No root, no chroot, no mounts.
set -euo pipefail
DEST=$1 SUITE=${2:-sid}
mkdir -p "$DEST"
exec 9> "$DEST/lock"; flock 9 # two who start at once fetch once
if [ -x "$DEST/root/usr/sbin/asterisk" ] && [ -f "$DEST/.ok" ]; then echo "already there: $(cat "$DEST/.ok")"; exit 0; fi
command -v apt-get dpkg-deb >/dev/null
MIRROR=$(apt-get indextargets --format '$(CREATED_BY) $(REPO_URI)' 2>/dev/null | awk '$1=="Packages" && $2 ~ /\/debian\/?$/ {print $2; exit}')
[ -n "$MIRROR" ] || MIRROR=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE '(https?|file|mirror\+file)://?[^ ]+/debian/?( |$)' | head -1)
[ -n "$MIRROR" ] || { echo "no Debian mirror in this machine's apt sources" >&2; exit 3; }
A=$DEST/apt; mkdir -p "$A"/etc/{apt.conf.d,preferences.d,trusted.gpg.d} "$A"/{lists,cache}/partial "$A"/cache/archives/partial "$DEST/root"
: > "$A/status"
KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
source_of() { printf 'deb [signed-by=%s] %s %s\n' "$KEYS" "$1" "$2" > "$A/etc/sources.list"; }
case $SUITE in noble) source_of "$MIRROR" "sid main" ;; *) source_of "$MIRROR" "$SUITE main" ;; esac
{ # keep the machine's own proxy settings, if it has any
  apt-config dump 2>/dev/null | grep -iE '^Acquire::(https?|ftp)::Proxy' || true
  cat <<C
Dir::Etc "$A/etc/"; Dir::Etc::main "/dev/null"; Dir::Etc::sourcelist "$A/etc/sources.list"; Dir::Etc::sourceparts "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Dir::State "$A/"; Dir::State::Lists "$A/lists"; Dir::State::status "$A/status"; Dir::State::extended_states "$A/ext";
Dir::Cache "$A/cache"; Dir::Cache::archives "$A/cache/archives"; Dir::Log "$A";
APT::Install-Recommends "false"; APT::Sandbox::User "root"; APT::Architecture "amd64"; APT::Architectures { "amd64"; };
Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "3"; Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Debug::NoLocking "true";
C
} > "$A/apt.conf"
export APT_CONFIG=$A/apt.conf
apt-get -qq update
if [ "$SUITE" = noble ]; then # Ubuntu's keys are a package of Debian's, its archive stands beside Debian's on a mirror
  ( cd "$A/cache/archives" && apt-get -qq download ubuntu-keyring && dpkg-deb -x ubuntu-keyring_*.deb "$A/keys" && rm ubuntu-keyring_*.deb )
  KEYS=$A/keys/usr/share/keyrings/ubuntu-archive-keyring.gpg
  source_of "$(dirname "${MIRROR%/}")/ubuntu" "noble main universe"
  apt-get -qq update
fi
# names a running Asterisk never maps: leave them out of the unpacking (they are only wanted by maintainer scripts)
SKIP='^(perl-|libperl|gnupg|gpg|dirmngr|pinentry|debconf|adduser|passwd|login|openssl-provider-legacy|libsnmp|tzdata|pci\.ids|libsemanage|libpam|base-|libc-gconv|asterisk-config|libglib2|libldap|libcodec2|gcc-|mawk|readline)'
[ "$SUITE" = noble ] || SKIP="$SKIP|^libicu"
apt-get -qq -s --no-install-recommends install libc6 asterisk asterisk-core-sounds-en-gsm | awk '$1=="Inst"{print $2}' | grep -vE "$SKIP" > "$A/names"
( cd "$A/cache/archives" && apt-get -qq download $(cat "$A/names") )
ls "$A"/cache/archives/*.deb | xargs -P "$(nproc)" -I{} sh -c 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink --exclude="./usr/share/doc" --exclude="./usr/share/man" --exclude="./usr/share/locale" --exclude="./usr/share/bug" --exclude="./usr/share/lintian" --exclude="./etc" --exclude="./var" --exclude="./usr/share/*-docs"' sh {} "$DEST/root"
LD=$DEST/root/usr/lib64/ld-linux-x86-64.so.2
[ -e "$LD" ] || LD=$DEST/root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
V=$("$LD" --inhibit-cache --library-path "$DEST/root/usr/lib/x86_64-linux-gnu" "$DEST/root/usr/sbin/asterisk" -V)
case $V in "Asterisk 20."*|"Asterisk 22."*) echo "$V" > "$DEST/.ok"; echo "$V";; *) echo "wanted Asterisk 20 or 22, got: $V" >&2; exit 4;; esac
rm -rf "$A/cache" "$A/lists"
