#!/bin/sh
# Signs Callboard.app, puts it into a disk image and has Apple notarise that: make_dmg.sh Callboard.app Callboard.dmg
#   SIGN_AS="Developer ID Application: Name (TEAM)"   the identity in the keychain; without it the signature is ad hoc:
#                                                     good for this machine only, and nothing is notarised
#   NOTARY_PROFILE=name   credentials kept by: xcrun notarytool store-credentials name --apple-id ... --team-id ...
#   NOTARY_KEYCHAIN=path  the keychain that holds them, where it is not the login keychain
# Needs macOS with Xcode's command line tools.
set -eu

say() { echo "make_dmg: $*" >&2; }
fail() { say "$*"; exit 1; }

[ $# = 2 ] || { echo "usage: make_dmg.sh Callboard.app Callboard.dmg" >&2; exit 2; }
app=${1%/} image=$2
here=$(cd "$(dirname "$0")" && pwd)
[ -d "$app/Contents/MacOS" ] || fail "$app is no application: run PyInstaller first"
for tool in codesign hdiutil xcrun; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is not there: this runs on macOS, with Xcode's command line tools"
done

python3 "$here/localise.py" "$app"

identity=${SIGN_AS:--}
runtime="--options runtime"
stamp="--timestamp"
if [ "$identity" = - ]; then
    say "no SIGN_AS: an ad hoc signature"
    runtime="" # a hardened runtime takes libraries of one team only, and ad hoc has none
    stamp="--timestamp=none"
fi

# From the inside out: a signature covers those inside it. Libraries first, then programs, the bundle last.
# shellcheck disable=SC2086  # options, or nothing
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' \) -exec codesign --force $stamp $runtime --sign "$identity" {} +
find "$app/Contents" -type d -name '*.framework' -prune | while read -r framework; do
    # shellcheck disable=SC2086
    codesign --force $stamp $runtime --sign "$identity" "$framework"
done
for program in "$app"/Contents/MacOS/*; do
    if [ -f "$program" ] && [ ! -L "$program" ]; then
        # shellcheck disable=SC2086
        codesign --force $stamp $runtime --entitlements "$here/entitlements.plist" --sign "$identity" "$program"
    fi
done
# shellcheck disable=SC2086
codesign --force $stamp $runtime --entitlements "$here/entitlements.plist" --sign "$identity" "$app"
codesign --verify --deep --strict "$app"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$app" "$work/"
ln -s /Applications "$work/Applications"
rm -f "$image"
hdiutil create -volname Callboard -srcfolder "$work" -fs HFS+ -format UDZO -quiet "$image"
[ "$identity" = - ] && { say "$image is made, but neither signed nor notarised"; exit 0; }

# shellcheck disable=SC2086
codesign --force $stamp --sign "$identity" "$image"
if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait \
        ${NOTARY_KEYCHAIN:+--keychain "$NOTARY_KEYCHAIN"}
    xcrun stapler staple "$image"
    spctl --assess --type open --context context:primary-signature "$image"
    say "$image is signed and notarised"
else
    say "$image is signed; no NOTARY_PROFILE, so it is not notarised"
fi
