"""What `callboardctl asterisk check` has to say of the certificate that phones are shown."""

from datetime import datetime, timedelta
from typing import Any

from console.switch.tls_probe import Trust, examine_tls

_SOON = timedelta(days=21)
_NO_PHONE = "No phone registers."
_MEND = "where tls_certificate and tls_key of switch.asterisk say, and restart Asterisk."
Fault = dict[str, str]

_CAN_BE = {
    "unreachable": (
        "Nobody listens for SIP over TLS at {where}.",
        "Give pjsip.conf a transport with protocol=tls that binds there (see "
        "callboard/pjsip-transports.conf), let Asterisk read its certificate and key (look at its log), "
        "open the firewall, or mend switch.asterisk.tls_port.",
    ),
    "no_tls": (
        "What answers at {where} speaks no TLS of version 1.2 or 1.3.",
        "Set switch.asterisk.tls_port to the port of the transport with protocol=tls, and method=sslv23 "
        "there.",
    ),
    "unknown_ca": (
        "The certificate at {where} is from “{issuer}”, which is not trusted here, or its chain has a gap.",
        "Put the certificates in between behind it, into the same file; for an authority of your own, name "
        "its file as switch.asterisk.tls_ca here and as phone.tls_ca at the desks.",
    ),
    "name": (
        "The certificate at {where} is for {names}, and phones call it {host}.",
        f"Name switch.asterisk.sip as the certificate does, or put a certificate for {{host}} {_MEND}",
    ),
    "expired": ("The certificate at {where} expired on {until}.", f"Renew it, put it {_MEND}"),
    "not_yet": (
        "The certificate at {where} is not good yet.",
        "Set the clock of the machine that made it, or of this one.",
    ),
    "no_sip": (
        "What answers at {where} over TLS speaks no SIP.",
        "Mend switch.asterisk.tls_port: it may be the port of a web server.",
    ),
}


async def look_at_tls(where: str, authority: str, now: datetime) -> tuple[dict[str, Any], list[Fault]]:
    """What was found at `where` (host:port), and what is wrong with it. `authority` is a file, "" for the
    authorities of this machine.
    """
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    try:
        trust = await examine_tls(host, int(port), authority)
    except OSError as fault:
        what = f"{authority} has no certificates that can be read: {fault.strerror or fault}."
        return {}, [{"what": what, "do": "Mend switch.asterisk.tls_ca."}]
    found = {
        "sip_tls": not trust.fault,
        "certificate_until": trust.until.date().isoformat() if trust.until else "",
    }
    if trust.fault:
        said = _filled(trust, where, host)
        return found, [{**said, "means": _NO_PHONE, "severe": "yes"}]
    return found, _soon(trust, where, now)


def _filled(trust: Trust, where: str, host: str) -> Fault:
    until = trust.until.date().isoformat() if trust.until else "an unknown day"
    names = ", ".join(trust.names) or "nobody (it has no subjectAltName)"
    what, do = (
        text.format(where=where, host=host, names=names, issuer=trust.issuer or "nobody", until=until)
        for text in _CAN_BE[trust.fault]
    )
    return {"what": what, "do": do}


def _soon(trust: Trust, where: str, now: datetime) -> list[Fault]:
    if trust.until is None or trust.until - now > _SOON:
        return []
    days = (trust.until - now).days
    when = f"in {days} days" if days > 1 else "within two days"
    return [
        {
            "what": f"The certificate at {where} expires {when}.",
            "do": f"Renew it, put it {_MEND}",
            "means": "From then on no phone registers.",
        }
    ]
