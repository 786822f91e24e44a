"""What an Asterisk whose queues are watched needs: one user in manager.conf, with least rights. Pure."""

from console.settings import AppQueueSettings
from console.switch.asterisk_config import HEAD

FILE = "manager.conf"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})

_TEXT = """; Include it at the end of manager.conf: #include callboard/manager.conf
[general](+)
enabled=yes
; Events carry the time at which they happened.
timestampevents=yes
{tls}
; This user sees calls and queues, signs agents in and off, pauses them, and can do nothing else.
[{user}]
secret={secret}
deny=0.0.0.0/0.0.0.0
{permit}
; call: transfers, hold, hang-ups. agent: queues and their members.
read=call,agent
; agent: QueueAdd, QueuePause, QueueRemove. reporting: CoreShowChannels, CoreStatus, CoreSettings.
write=agent,reporting
"""
_NEAR = "permit=127.0.0.1/255.255.255.255"
_FAR = """; The address of the centre's machine:
permit=192.0.2.10/255.255.255.255"""
_TLS = """tlsenable=yes
tlsbindaddr=0.0.0.0:{port}
; A certificate for {host} that the centre trusts (switch.app_queue.tls_ca), and its key.
tlscertfile=/etc/asterisk/keys/callboard.crt
tlsprivatekey=/etc/asterisk/keys/callboard.key
"""


def manager_conf(settings: AppQueueSettings, secret: str) -> str:
    """The piece of manager.conf."""
    return HEAD + _TEXT.format(
        user=settings.user,
        secret=secret,
        permit=_NEAR if settings.host in _HERE else _FAR,
        tls=_TLS.format(port=settings.port, host=settings.host) if settings.tls else "",
    )
