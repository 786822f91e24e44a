"""What belongs into an Asterisk's files for Callboard: dialplan, PJSIP endpoint, REST user, music. Pure.

`callboardctl asterisk config` writes these pieces; the words in them are for the people who keep Asterisk.
"""

from hashlib import sha256

import msgspec

from console.domain.attached import is_header

CHECKED = "callboard-check"
"""The context of the dialplan that a check looks into."""

HEAD = "; Written by callboardctl asterisk config for Callboard.\n"
_MUSIC = ("hold-music", "ringback")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the pieces are made for. `open_to_all` lets any address on `host` call in: for tests and demo.
    `tls_port` 0: no SIP over TLS; the certificate and its key are files on Asterisk's machine.
    """

    host: str = "0.0.0.0"
    sip_port: int = 5060
    http_port: int = 8088
    app: str = "callboard"
    user: str = "callboard"
    password: str = ""
    endpoint: str = "callboard-out"
    context: str = "callboard"
    fallback: str = ""
    node_secret: str = ""
    sounds: str = "/usr/share/callboard/asterisk-sounds"
    open_to_all: bool = False
    tls_port: int = 0
    tls_certificate: str = ""
    tls_key: str = ""
    attached: tuple[str, ...] = ()


def node_secret(password: str) -> str:
    """What the nodes of a centre know each other by, made of the password of the REST user they share."""
    return sha256(f"callboard nodes {password}".encode()).hexdigest()[:32]


def pieces(plan: Plan) -> dict[str, str]:
    """The files by name, with their text."""
    return {
        "extensions.conf": _extensions(plan) + _checked(plan),
        "pjsip.conf": _pjsip(plan),
        "ari.conf": _ari(plan),
        "http.conf": _http(plan),
        "musiconhold.conf": _music(plan),
        "queues.conf": _queues(plan),
        "sorcery.conf": _sorcery(),
    }


def mark_of(plan: Plan) -> str:
    """What the dialplan for these settings is known by."""
    return sha256(_extensions(plan).encode()).hexdigest()[:10]


def _checked(plan: Plan) -> str:
    return f"""
; `callboardctl asterisk check` calls itself here: it knows the dialplan by this number, and plays prompts.
[{CHECKED}]
exten => {mark_of(plan)},1,Answer()
 same => n,Wait(20)
 same => n,Hangup()
"""


def _extensions(plan: Plan) -> str:
    without = _fallback(plan) if plan.fallback else " same => n(without),Hangup(34)\n"
    given = ",${GIVEN}" if plan.attached else ""
    return f"""{HEAD}
[general]
static=yes
writeprotect=yes

; Every call that arrives is Callboard's. Without Callboard the call goes on below.
[{plan.context}]
exten => h,1,Hangup()
exten => _.,1,NoOp()
{_from_nodes(plan) if plan.node_secret else ""} same => n,Set(PJSIP_TRANSFER_HANDLING()=ari-only)
 same => n,Set(FROM=${{URIENCODE(${{PJSIP_HEADER(read,From)}})}})
 same => n,Set(TO=${{URIENCODE(${{CHANNEL(pjsip,request_uri)}})}})
 same => n,Set(CHANNEL(hangup_handler_push)=callboard-over,caller,1)
 same => n,Set(CAME=${{CHANNEL(pjsip,remote_addr)}})
{_attached(plan)} same => n,Stasis({plan.app},arrived,${{FROM}},${{TO}},${{CAME}}{given})
 same => n,GotoIf($["${{STASISSTATUS}}" = "FAILED"]?without)
 same => n,Hangup()
{without} same => n,Hangup()

; A call ends for both sides, and its time is kept, also while Callboard is away.
[callboard-over]
exten => caller,1,Set(KNOWN=$["${{CALLBOARD_INTERACTION}}" != ""])
 same => n,Goto(note,1)
exten => other,1,Set(KNOWN=$["${{CALLBOARD_PARTNER}}" != ""])
 same => n,Goto(note,1)
exten => note,1,Set(OVER=CALLBOARD_OVER_${{CALLBOARD_INTERACTION}})
 same => n,Set(FIRST=$[${{KNOWN}} & "${{GLOBAL(${{OVER}})}}" = ""])
 same => n,ExecIf(${{FIRST}}?Set(GLOBAL(${{OVER}})=${{STRFTIME(,UTC,%s.%3q)}} ${{UNIQUEID}}))
 same => n,ExecIf($["${{CALLBOARD_PARTNER}}" != ""]?SoftHangup(${{CALLBOARD_PARTNER}}))
 same => n,Return()
{_members(plan) if plan.fallback else ""}{_DESKS if plan.node_secret else ""}"""


def _attached(plan: Plan) -> str:
    """What goes along, each escaped, as a query of a URL has it."""
    read = [f"PJSIP_HEADER(read,{name})" if is_header(name) else name for name in plan.attached]
    pairs = [f"{name}=${{URIENCODE(${{{how}}})}}" for name, how in zip(plan.attached, read, strict=True)]
    return f" same => n,Set(GIVEN={'&'.join(pairs)})\n" if pairs else ""


def _from_nodes(plan: Plan) -> str:
    """Calls of the other nodes, which know the secret, go on to the desks that are registered here."""
    return f""" same => n,Set(NODE=${{PJSIP_HEADER(read,X-Callboard-Node)}})
 same => n,GotoIf($["${{NODE}}" = "{plan.node_secret}"]?callboard-desks,${{EXTEN}},1)
"""


_DESKS = """
; Calls of the other nodes for the desks that are registered here, with their headers.
[callboard-desks]
exten => _.,1,Set(NAMES=${PJSIP_HEADERS(X-)})
 same => n,Set(COUNT=0)
 same => n(next),Set(NAME=${SHIFT(NAMES)})
 same => n,GotoIf($["${NAME}" = ""]?ring)
 same => n,GotoIf($["${NAME}" = "X-Callboard-Node"]?next)
 same => n,Set(COUNT=$[${COUNT} + 1])
 same => n,Set(__CALLBOARD_NAME_${COUNT}=${NAME})
 same => n,Set(__CALLBOARD_VALUE_${COUNT}=${PJSIP_HEADER(read,${NAME})})
 same => n,Goto(next)
 same => n(ring),Set(__CALLBOARD_COUNT=${COUNT})
 same => n,Dial(PJSIP/${EXTEN},,b(callboard-headers^s^1))
 same => n,Hangup(${HANGUPCAUSE})

[callboard-headers]
exten => s,1,Set(PLACE=0)
 same => n(next),Set(PLACE=$[${PLACE} + 1])
 same => n,GotoIf($[${PLACE} > ${CALLBOARD_COUNT}]?done)
 same => n,Set(PJSIP_HEADER(add,${CALLBOARD_NAME_${PLACE}})=${CALLBOARD_VALUE_${PLACE}})
 same => n,Goto(next)
 same => n(done),Return()
"""


def _fallback(plan: Plan) -> str:
    """Without a centre Asterisk's own queue serves; its log tells the centre afterwards."""
    return f""" same => n(without),Set(CHANNEL(hangup_handler_wipe)=)
 same => n,QueueLog({plan.fallback},${{UNIQUEID}},NONE,CALLBOARD,${{FROM}}|${{TO}})
 same => n,Answer(,i)
 same => n,Queue({plan.fallback})
"""


def _queues(plan: Plan) -> str:
    """The queue for callers whom no centre serves, and how a centre says who is rung for it."""
    queue = f"""
[{plan.fallback}]
musicclass=hold-music
strategy=rrmemory
timeout=20
retry=1
ringinuse=no
joinempty=yes
"""
    return f"{HEAD}\n[general]\npersistentmembers=yes\nautofill=yes\n{queue if plan.fallback else ''}"


def _members(plan: Plan) -> str:
    return f"""
; Callboard says here who is rung for the queue that serves while Callboard is away.
[callboard-members]
exten => clear,1,Set(LIST=${{QUEUE_MEMBER_LIST({plan.fallback})}})
 same => n,GotoIf($["${{LIST}}" = ""]?done,1)
 same => n,RemoveQueueMember({plan.fallback},${{CUT(LIST,\\,,1)}})
 same => n,Goto(clear,1)
exten => add,1,Set(STATE=Custom:callboard-${{CALLBOARD_AGENT}})
 same => n,AddQueueMember({plan.fallback},${{CALLBOARD_MEMBER}},,,${{CALLBOARD_AGENT}},${{STATE}})
 same => n,Hangup()
exten => remove,1,RemoveQueueMember({plan.fallback},${{CALLBOARD_MEMBER}})
 same => n,Hangup()
exten => done,1,Hangup()
"""


def _pjsip(plan: Plan) -> str:
    callers = (
        f"""
[callboard-in](callboard-endpoint)
context={plan.context}
[callboard-in]
type=identify
endpoint=callboard-in
match=127.0.0.0/8
"""
        if plan.open_to_all
        else ""
    )
    return f"""{HEAD}
[global]
type=global
user_agent=Asterisk
endpoint_identifier_order=username,ip

[system]
type=system
timer_t1=100
timer_b=6400

[callboard-udp]
type=transport
protocol=udp
bind={plan.host}:{plan.sip_port}

[callboard-tcp]
type=transport
protocol=tcp
bind={plan.host}:{plan.sip_port}
{_tls(plan) if plan.tls_port else ""}
[callboard-endpoint](!)
type=endpoint
disallow=all
allow=g722,alaw,ulaw
direct_media=no
rtp_symmetric=yes
force_rport=yes
rewrite_contact=yes
dtmf_mode=rfc4733
media_address={plan.host}
bind_rtp_to_media_address=yes
moh_suggest=hold-music
send_pai=no
send_connected_line=no
trust_id_inbound=yes
rtp_timeout=30
rtp_timeout_hold=300

; Callboard calls agents' desks and customers by this one.
[{plan.endpoint}](callboard-endpoint)
context={plan.context}
{callers}"""


def _tls(plan: Plan) -> str:
    """TLS 1.2 and newer only (RFC 8996): that is what the method `sslv23` stands for in today's builds."""
    return f"""
; Phones check this certificate: it has to be for the name or address that they register at.
[callboard-tls]
type=transport
protocol=tls
bind={plan.host}:{plan.tls_port}
cert_file={plan.tls_certificate}
priv_key_file={plan.tls_key}
method=sslv23
"""


def _sorcery() -> str:
    """Where the accounts of phones are kept that a centre makes: in memory, so that no password is in a file
    and a reload does not forget them. After a restart the centre makes them anew.
    """
    kinds = ("endpoint", "auth", "aor")
    lines = (f"{kind}=config,pjsip.conf,criteria=type={kind}\n{kind}=memory\n" for kind in kinds)
    return f"{HEAD}\n[res_pjsip]\n{''.join(lines)}"


def _ari(plan: Plan) -> str:
    return f"""{HEAD}
[general]
enabled = yes
pretty = no
channelvars = CALLBOARD_INTERACTION,RTPAUDIOQOS

[{plan.user}]
type = user
read_only = no
password = {plan.password}
password_format = plain
"""


def _http(plan: Plan) -> str:
    return f"""{HEAD}
[general]
enabled=yes
bindaddr={plan.host}
bindport={plan.http_port}
sessionlimit=500
"""


def _music(plan: Plan) -> str:
    return HEAD + "".join(
        f"\n[{name}]\nmode=playlist\nentry={plan.sounds}/en/{name}\n" for name in ("default", *_MUSIC)
    ).replace("/en/default", "/en/hold-music")
