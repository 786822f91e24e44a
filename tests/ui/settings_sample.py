"""A desk with settings from everywhere: locks, defaults, a centre's and a link's provisioning, its own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.clock import StoppedClock
from console.policy.file import FilePolicy
from console.policy.keeper import Keeper
from console.policy.provisioned import ByCentre, ByLink, OwnQueue, Provisioned
from console.provision.link import make_link
from console.signature import new_key, public_of
from tests.ui.doubles import ScriptedRunner
from ui.settings.home import SettingsHome
from ui.settings.services import Provisioning
from ui.widgets.words import Words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = new_key()
POLICY = f"""organisation = "Example Ltd IT"
contact = "it@example.org, 4444"
reason = "Company rule 7."
trusted_keys = ["{public_of(KEY)}"]

[defaults]
window.theme = "light"
start.autostart = true

[locks]
centre = "https://centre.example.org"
phone.srtp = "required"
phone.codecs = ["OPUS", "G722"]
phone.auto_answer = false
history.keep_days = 30
crash.send = "never"
audio.ringer = "none"

[reasons]
phone.srtp = "Customers' voices never leave this house unencrypted."
"""


def make_keeper(folder: Path, policy: str = POLICY, user: str = 'user = "ada"\n') -> Keeper:
    """Everything at once; with the user's own transport and name."""
    (folder / "policy.toml").write_text(policy)
    (folder / "desk.toml").write_text(user + '[phone]\ntransport = "tcp"  # mine\n')
    keeper = Keeper(folder, folder, FilePolicy(folder / "policy.toml"))
    centre = ByCentre(
        centre="https://centre.example.org",
        user="ada",
        at=NOW,
        values={"phone.uri": "sip:ada@pbx.example.org", "phone.registrar": "sip:pbx.example.org"},
        queues=(OwnQueue("support", "Support"),),
    )
    link = ByLink(issuer="Example Ltd IT", key="k", at=NOW, values={"updates.check": True})
    keeper.provision(Provisioned(centre=centre, links=(link,)))
    return keeper


def make_provisioning(keeper: Keeper, words: Words) -> Provisioning:
    """What the offer of a link needs, with a runner that does at once what it is asked."""
    home, clock = SettingsHome(keeper), StoppedClock(NOW)

    async def take(offered: object, replacing: bool) -> None:
        home.take(offered, clock.now(), replacing=replacing)  # type: ignore[arg-type]

    return Provisioning(words=words, runner=ScriptedRunner(), clock=clock, home=home, take=take)


def link_of(values: dict[str, object], *, key: str = KEY, days: float = 7) -> str:
    """A signed link."""
    return make_link(key, "Example Ltd IT", values, NOW + timedelta(days=days))
