"""Where the windows' settings live: what holds, what the person changes, what is provisioned."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from console.desk import Desk
from console.domain.errors import BadInput, EnvironmentFault
from console.policy.keeper import Keeper
from console.policy.provisioned import ByCentre, Provisioned
from console.policy.resolve import Origin
from console.provision.answer import Provision, taken_in
from console.settings import DeskSettings
from console.telephony.accounts import keep_password
from ui.settings.words import Given
from ui.widgets.notice import Notices
from ui.widgets.words import Words

if TYPE_CHECKING:
    from console.provision.link import Offered


_log = logging.getLogger(__name__)


class SettingsHome:
    """One desk's settings. Made from a keeper; or from settings alone, which then are kept nowhere (demo)."""

    def __init__(self, given: Keeper | DeskSettings) -> None:
        """Nothing is written before something changes."""
        self._keeper = given if isinstance(given, Keeper) else None
        self._alone = given if isinstance(given, DeskSettings) else DeskSettings()

    @property
    def settings(self) -> DeskSettings:
        """What holds."""
        return self._keeper.settings if self._keeper is not None else self._alone

    @property
    def keeper(self) -> Keeper | None:
        """Policy, provisioning and file behind them, if there are."""
        return self._keeper

    def origins(self) -> Mapping[str, Origin]:
        """Every option with whose it is; empty where nobody else has a say."""
        return self._keeper.resolved.origins if self._keeper is not None else {}

    def given(self) -> Given:
        """What others decided; the queues served are those that the centre told at the last sign-in."""
        centre = self._keeper.provisioned.centre if self._keeper is not None else None
        return Given(
            self.origins(), tuple(queue.name for queue in centre.queues) if centre is not None else ()
        )

    def change(self, wanted: DeskSettings) -> None:
        """Keep what the person changed. Raises SettingsError when it cannot be; it holds all the same."""
        if self._keeper is None:
            self._alone = wanted
        else:
            self._keeper.change(wanted)

    def signed_in(self, centre: str, user: str) -> None:
        """The next start offers the same centre and name. Raises SettingsError when that cannot be kept."""
        wanted = msgspec.structs.replace(self.settings, centre=centre, user=user)
        if wanted != self.settings:
            self.change(wanted)

    def provisioned(self, provision: Provision, centre: str, user: str, at: datetime) -> bool:
        """Take what the centre gives; whether it is new. Raises SettingsError when it cannot be kept."""
        if self._keeper is None:
            return False
        keeper = self._keeper
        given = taken_in(provision, centre, user, at)
        before = keeper.provisioned.centre
        if before is not None and msgspec.structs.replace(before, at=at) == _as_kept(given):
            return False
        keeper.provision(msgspec.structs.replace(keeper.provisioned, centre=_as_kept(given)))
        return True

    async def fetch(self, desk: Desk, now: datetime) -> bool:
        """Take what the desk's centre gives the person who signed in; whether a password is new.

        A centre that cannot be asked now is asked at the next sign-in. Raises SettingsError when it cannot be
        kept; it holds all the same.
        """
        try:
            given = await desk.provision()
        except (EnvironmentFault, BadInput) as fault:
            _log.warning("nothing could be provisioned: %s", fault)
            return False
        if given is None:
            return False
        try:
            self.provisioned(given, desk.link.url, desk.link.user, now)
        finally:
            fresh = await self._password(desk, given.sip_password)
        return fresh

    async def _password(self, desk: Desk, password: str) -> bool:
        uri = self.settings.phone.uri
        if not password or not uri:
            return False
        fresh = desk.given_passwords.get(uri) != password
        desk.given_passwords[uri] = password
        try:
            await asyncio.to_thread(keep_password, uri, password)
        except EnvironmentFault as fault:  # it comes again with the next sign-in
            _log.warning("the provisioned password is not kept: %s", fault)
        return fresh

    # ------------------------------------------------------------ links

    def read(self, link: str, now: datetime) -> "Offered":
        """What a link offers. Raises BadInput or Refused, in words."""
        from console.provision.link import read_link  # with its cryptography it would hold up the start

        return read_link(link, self._keeper.trusted_keys() if self._keeper is not None else {}, now)

    def after(self, offered: "Offered", now: datetime, *, replacing: bool) -> Mapping[str, Origin]:
        """Every option as it would be with the link; `replacing` what the person chose before."""
        if self._keeper is None:
            return {}
        provisioned = self._with(self._keeper, offered, now)
        return self._keeper.would(provisioned, set(offered.values) if replacing else set()).origins

    def take(self, offered: "Offered", now: datetime, *, replacing: bool) -> None:
        """Do as the link says. Raises SettingsError when it cannot be kept; it holds all the same."""
        if self._keeper is None:
            raise RuntimeError("without a keeper no link is trusted")
        keeper = self._keeper
        if replacing:
            keeper.drop(set(offered.values))
        keeper.provision(self._with(keeper, offered, now))

    @staticmethod
    def _with(keeper: Keeper, offered: "Offered", now: datetime) -> Provisioned:
        return keeper.provisioned.with_link(offered.taken(now))


def _as_kept(given: ByCentre) -> ByCentre:
    """As it is when it was written and read again, so that like is compared with like."""
    return msgspec.json.decode(msgspec.json.encode(given), type=ByCentre)


def tell_faults(keeper: Keeper | None, notices: Notices, words: Words) -> None:
    """Say what is wrong with the policy, with what was provisioned, or with the user's file."""
    for fault in keeper.faults if keeper is not None else ():
        _log.warning("%s", fault)
        told = words.fault(fault)
        if keeper is not None and fault == keeper.user_fault:
            told = words(
                "{fault}. Mend the file and start again; until then changes are not kept.",
                fault=told.rstrip("."),
            )
        notices.tell(f"settings {fault}", told, "warning")
