"""Texts of `callboardctl asterisk config` that no setting changes, or few."""

INSTALL = r"""#!/bin/sh
# sh install.sh [ETC] [SOUNDS]: put Callboard's files beside Asterisk's, and include them. Run it as root.
set -eu
etc=${1:-/etc/asterisk} sounds=${2:-@SOUNDS@} here=$(cd "$(dirname "$0")" && pwd)
[ -d "$etc" ] || { echo "there is no $etc: say where Asterisk keeps its files" >&2; exit 1; }
mkdir -p "$etc/callboard" "$sounds"
cp "$here"/callboard/*.conf "$etc/callboard/"
cp -R "$here"/sounds/. "$sounds/"
chmod -R a+rX "$sounds"
chmod 640 "$etc"/callboard/*.conf
owner=$(stat -c %u:%g "$etc/asterisk.conf" 2>/dev/null || stat -c %u:%g "$etc")
chown "$owner" "$etc/callboard" "$etc"/callboard/*.conf
for name in @FILES@; do
    file=$etc/$name line="#include callboard/$name"
    [ -e "$file" ] || : > "$file"
    case $name in
    ari.conf|http.conf|queues.conf) # what is included adds to this section
        grep -q '^\[general\]' "$file" || printf '\n[general]\n' >> "$file" ;;
    sorcery.conf) # and to this one
        grep -q '^\[res_pjsip\]' "$file" || printf '\n[res_pjsip]\n' >> "$file" ;;
    esac
    grep -qxF "$line" "$file" || printf '\n%s\n' "$line" >> "$file"
done
echo "Done: look at pjsip-transports.conf and pjsip-trunk.conf in $etc/callboard, and include them in"
echo "pjsip.conf where you have none of your own. Then: asterisk -rx 'core restart gracefully'"
"""

TRANSPORTS = """; For an Asterisk that has no transports yet: two transports cannot have one port.
; To use them, write #include callboard/pjsip-transports.conf into pjsip.conf.

"""

TRUNK = """; A trunk: how calls from your provider or exchange come to Callboard. Fill in its addresses, take
; the semicolons away, and write #include callboard/pjsip-trunk.conf into pjsip.conf, below the line that
; includes callboard/pjsip.conf.
;
;[callboard-trunk](callboard-endpoint)
;context={context}
;
;[callboard-trunk]
;type=identify
;endpoint=callboard-trunk
;match=192.0.2.10
;
; A provider that wants a registration and a password:
;
;[callboard-trunk]
;type=registration
;server_uri=sip:sip.example.net
;client_uri=sip:123456@sip.example.net
;outbound_auth=callboard-trunk
;
;[callboard-trunk]
;type=auth
;auth_type=userpass
;username=123456
;password=...
;
; Callbacks go there with switch.trunk = "sip.example.net" in the centre's settings, and:
;
;[{endpoint}](+)
;outbound_auth=callboard-trunk
;from_domain=sip.example.net
"""

MANAGER = """; Only for watching queues over AMI (with switch.kind = "app_queue" this is written ready):
; this user reads calls and queues, may sign agents in, pause them and sign them off, and
; nothing else. Choose a secret, take the semicolons away, and
; write #include callboard/manager.conf into manager.conf.
;
;[{user}]
;secret=...
;deny=0.0.0.0/0.0.0.0
;permit=127.0.0.1/255.255.255.255
;read=call,agent
;write=agent,reporting
"""
