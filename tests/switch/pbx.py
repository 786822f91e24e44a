"""A real Asterisk that is nobody's: queues of its own, and nothing of ours but a user in manager.conf."""

from pathlib import Path

from console.demo.asterisk import free_port
from console.switch.ami import Place
from console.switch.ami_members import Watched
from tests.switch.asterisk_server import AsteriskServer

QUEUES = """[general]
autofill=yes
[support]
strategy=rrmemory
timeout=2
retry=1
ringinuse=no
joinempty=yes
servicelevel=20
"""
_DIALPLAN = """[callboard]
exten => h,1,Hangup()
exten => support,1,Answer(,i)
 same => n,Queue(support)
 same => n,Hangup()
exten => away,1,Answer(,i)
 same => n,Wait(20)
exten => short,1,Answer(,i)
 same => n,Queue(support,,,,1)
 same => n,Hangup()
"""


class Pbx(AsteriskServer):
    """An Asterisk with a queue of its own and nothing of ours."""

    def __init__(self, folder: Path, tls: tuple[Path, Path] | None = None, fixed: str = "") -> None:
        """`fixed`: an agent whom queues.conf makes a member. `tls`: certificate and key with which the
        manager interface also takes TLS, at `ami_tls`.
        """
        super().__init__(folder, folder, rtp_first=22000, rtp_last=22999)
        self.ami = free_port()
        self.ami_tls = free_port() if tls else 0
        more = (
            f"tlsenable=yes\ntlsbindaddr=127.0.0.1:{self.ami_tls}\ntlscertfile={tls[0]}\n"
            f"tlsprivatekey={tls[1]}\n"
            if tls
            else ""
        )
        etc = folder / "etc"
        etc.joinpath("extensions.conf").write_text(_DIALPLAN)
        self.fixed = fixed
        member = f"member => PJSIP/{fixed},0,,Custom:{fixed}\n" if fixed else ""
        etc.joinpath("queues.conf").write_text(QUEUES + member)
        etc.joinpath("manager.conf").write_text(
            f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nport={self.ami}\ntimestampevents=yes\n"
            f"{more}[callboard]\nsecret=ami-secret\nread=call,agent\nwrite=agent,reporting\n"
        )

    def watched(self, port: int = 0) -> Watched:
        place = Place(port=port or self.ami, secret="ami-secret")
        return Watched(place=place, queue_log=str(self.folder / "log/queue_log"))
