"""Whether phones can trust what answers SIP over TLS (RFC 5246, 8446) at an address, and speak SIP to it."""

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from console.switch.sip_probe import ANSWER, options_request

_WAIT_S = 5.0
_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME = frozenset({62, 64})
"""X509_V_ERR_..., which Python has no names for."""


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: `fault` is "", unreachable, no_tls, unknown_ca, name, expired, not_yet or no_sip.

    `names` are those that the certificate is for; `until` is its end, None when it did not come so far.
    """

    fault: str = ""
    names: tuple[str, ...] = ()
    issuer: str = ""
    until: datetime | None = None


async def examine_tls(host: str, port: int, authority: str) -> Trust:
    """Look as a phone does that trusts the authorities in a file ("": this machine's). Raises OSError when
    that file cannot be read, or has none.
    """
    strict = await asyncio.to_thread(_context, authority)
    fault = ""
    try:
        async with asyncio.timeout(_WAIT_S):
            return await _ask(host, port, strict)
    except ssl.SSLCertVerificationError as wrong:
        fault = _fault_of(wrong.verify_code)
    except (ssl.SSLError, ConnectionResetError, EOFError):
        return Trust(fault="no_tls")
    except TimeoutError:
        return Trust(fault="no_tls" if await _listens(host, port) else "unreachable")
    except OSError:
        return Trust(fault="unreachable")
    strict.check_hostname, strict.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_WAIT_S):
            return msgspec.structs.replace(await _ask(host, port, strict), fault=fault)
    return Trust(fault=fault)


def _context(authority: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=authority or None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def _fault_of(code: int) -> str:
    if code in {_EXPIRED, _NOT_YET}:
        return "expired" if code == _EXPIRED else "not_yet"
    return "name" if code in _OTHER_NAME else "unknown_ca"


async def _ask(host: str, port: int, context: ssl.SSLContext) -> Trust:
    reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        trust = _read(x509.load_der_x509_certificate(shown))
        writer.write(options_request(host, port, "TLS", writer.get_extra_info("sockname")))
        said = b""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_WAIT_S / 2):
                said = await reader.read(len(ANSWER))
        return trust if said.startswith(ANSWER) else msgspec.structs.replace(trust, fault="no_sip")
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _listens(host: str, port: int) -> bool:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_WAIT_S / 2):
            _, writer = await asyncio.open_connection(host, port)
            writer.transport.abort()
            return True
    return False


def _read(certificate: x509.Certificate) -> Trust:
    names: list[str] = []
    with suppress(x509.ExtensionNotFound):
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += held.get_values_for_type(x509.DNSName)
        names += map(str, held.get_values_for_type(x509.IPAddress))
    issuer = [str(one.value) for one in certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Trust(
        names=tuple(names),
        issuer=issuer[0] if issuer else certificate.issuer.rfc4514_string(),
        until=certificate.not_valid_after_utc.astimezone(UTC),
    )
