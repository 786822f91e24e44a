"""The windows' composition root: desk, sound, agent window and wallboard made one."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from console import paths
from console.clock import Clock
from console.desk import Desk, make_desk
from console.domain.agent import Role
from console.domain.errors import AudioError, EnvironmentFault, SettingsError
from console.domain.events import AudioDevicesChanged, LinkChanged, LinkState
from console.history.export import export_csv, export_json
from console.policy.keeper import Keeper
from console.settings import DeskSettings
from console.sync.link import Link
from console.telephony.accounts import save_password
from console.telephony.audio import AudioPort, Ringer
from console.telephony.engine import Engine, EngineSettings
from ui.bridge import Bridge, Tasks
from ui.settings.home import SettingsHome, tell_faults
from ui.settings.services import Provisioning
from ui.shell.memory import FileMemory, NoMemory
from ui.shell.services import Devices, Memory, Services
from ui.shell.window import AgentWindow
from ui.widgets.look import Look
from ui.widgets.words import Words, words_for

if TYPE_CHECKING:
    from console.provision.link import Offered
    from ui.metrics.wallboard import Wallboard
    from ui.telephony.audio import QtAudio, QtRinger

_log = logging.getLogger(__name__)

MakeEngine = Callable[[EngineSettings, AudioPort | None], Engine]
_PREPARE_MS = 400
_EXPOSED_LOOKS = 50
_EXPOSED_LOOK_S = 0.01


class LateSound:
    """The audio port and the ringer, whose Qt module is loaded only once the window is there, or a call
    needs it.
    """

    rate_hz = 16_000

    def __init__(self, settings: Callable[[], DeskSettings], told: Callable[[str, str], None]) -> None:
        """`told` hears the speaker and the microphone in use."""
        self._settings = settings
        self._told = told
        self._audio: QtAudio | None = None
        self._ringer: QtRinger | None = None

    def prepare(self) -> tuple["QtAudio", "QtRinger"]:
        """Load the module and look at the devices."""
        if self._audio is None or self._ringer is None:
            from ui.telephony.audio import QtAudio, QtRinger

            wanted = self._settings().audio
            self._audio = QtAudio(wanted.speaker, wanted.microphone)
            self._audio.changed.connect(self._told)
            self._ringer = QtRinger(paths.resources() / "sounds" / "ring.wav", wanted.ringer)
        return self._audio, self._ringer

    def use_settings(self) -> None:
        """Take the devices of the settings, also in a call."""
        audio, ringer = self.prepare()
        wanted = self._settings().audio
        audio.use(wanted.speaker, wanted.microphone)
        ringer.use(wanted.ringer)

    def devices(self) -> Devices:
        """The devices there are."""
        from PySide6.QtMultimedia import QMediaDevices

        return Devices(
            tuple(device.description() for device in QMediaDevices.audioOutputs()),
            tuple(device.description() for device in QMediaDevices.audioInputs()),
        )

    # the audio port

    def start(self) -> None:
        """Open the devices. Raises AudioError when there is none."""
        try:
            self.prepare()[0].start()
        except AudioError:
            self._told("", "")
            raise

    def stop(self) -> None:
        """Close them."""
        if self._audio is not None:
            self._audio.stop()

    def read(self, size: int) -> bytes:
        """From the microphone; silence before it is open."""
        return self._audio.read(size) if self._audio is not None else bytes(size)

    def write(self, pcm: bytes) -> None:
        """To the speaker."""
        if self._audio is not None:
            self._audio.write(pcm)


class LateRinger:
    """The ringer half of the late sound."""

    def __init__(self, sound: LateSound) -> None:
        """Rings where the settings say."""
        self._sound = sound

    def start(self) -> None:
        """Ring until stopped."""
        self._sound.prepare()[1].start()

    def stop(self) -> None:
        """Be quiet."""
        self._sound.prepare()[1].stop()


class App:
    """One person's windows. `open` shows the agent's window first and starts the rest behind it."""

    def __init__(
        self,
        application: QApplication,
        settings: Keeper | DeskSettings,
        clock: Clock,
        make_engine: MakeEngine,
        folder: Path,
        *,
        sound: AudioPort | None = None,
    ) -> None:
        """Settings without a keeper are kept nowhere. `sound` in place of the machine's devices, for a desk
        nobody listens at.
        """
        self._home = SettingsHome(settings)
        self._clock = clock
        self._make_engine = make_engine
        self._folder = folder
        self._sound = sound
        self._late = LateSound(lambda: self._settings, self._devices_changed)
        self.look = Look(application, paths.resources() / "fonts")
        self.look.use(self._settings.window.theme)
        self.words: Words = words_for(self._settings.window.language)
        self.tasks = Tasks()
        self.closed = asyncio.Event()
        self.desk: Desk | None = None
        self.window: AgentWindow | None = None
        self.wallboard: Wallboard | None = None
        self._bridge: Bridge | None = None
        self._watch: Link | None = None
        self._unkept = NoMemory()

    async def open(self) -> AgentWindow:
        """Show the agent's window, then start phone and history. Raises StoreError when the history cannot
        be opened.
        """
        ringer = None if self._sound is not None else LateRinger(self._late)
        port = self._sound or self._late
        desk, wrong = self._make_desk(port, ringer)
        self.desk = desk
        self._bridge = Bridge(desk.bus, desk.link)
        self.window = AgentWindow(self._services(desk, self._bridge), self.look)
        self.window.board_wanted.connect(self.show_wallboard)
        self.window.closed.connect(self._window_closed)
        self.tasks.report_to(lambda words: self._tell("failed", words))
        desk.bus.subscribe(LinkChanged, self._link_changed)
        self.window.start()
        self.window.show()
        if wrong:
            self._tell("phone settings", wrong)
        tell_faults(self._home.keeper, self.window.notices, self.words)
        await exposed(self.window)
        try:
            await desk.start()
        except EnvironmentFault as fault:
            self._tell("phone", str(fault))
        for fault_words in desk.faults:
            self._tell("desk", fault_words)
        desk.tell_fault = lambda words: self._tell("desk", words)
        if self._sound is None:
            QTimer.singleShot(_PREPARE_MS, self.window, self._late.prepare)
        return self.window

    async def close(self) -> None:
        """Close everything; idempotent."""
        await self.tasks.stop()
        if self._bridge is not None:
            self._bridge.stop()
        for link in filter(None, (self._watch,)):
            await link.stop()
        desk, self.desk = self.desk, None
        if desk is not None:
            with contextlib.suppress(EnvironmentFault):
                await desk.link.sign_out()
            await desk.stop()
        self._late.stop()
        for window in (self.window, self.wallboard):
            if window is not None:
                window.close()
        self.look.stop()

    async def watch_as(self, url: str, user: str, password: str) -> None:
        """Show the wallboard through a link of its own, as another user (the demo's supervisor)."""
        from console.bus import Bus

        link = Link(Bus(), self._clock, None, contact=lambda: "")
        link.want_board(wanted=True)
        await link.sign_in(url, user, password)
        self._watch = link
        self.show_wallboard()

    @property
    def wallboard_link(self) -> Link | None:
        """Where the wallboard's figures come from."""
        return self._watch or (self.desk.link if self.desk else None)

    def show_wallboard(self) -> None:
        """Open the wallboard, or bring it to the front."""
        if self.wallboard is None:
            from console.sync.supervision import Supervision
            from ui.metrics.services import Office
            from ui.metrics.tongue import Tongue
            from ui.metrics.wallboard import Wallboard

            link = self.wallboard_link
            if link is None:
                return
            link.want_board(wanted=True)
            office = Office(Supervision(link), self.tasks, self._memory())
            self.wallboard = Wallboard(link, self._clock, Tongue(self.words.language), office)
        self.wallboard.show()
        self.wallboard.raise_()

    # ---- inside

    @property
    def _settings(self) -> DeskSettings:
        return self._home.settings

    def _make_desk(self, port: AudioPort, ringer: Ringer | None) -> tuple[Desk, str]:
        """The desk, and what of the phone's settings could not be used: no setting keeps it from opening."""

        def made(settings: DeskSettings) -> Desk:
            return make_desk(
                settings,
                self._folder,
                lambda engine: self._make_engine(engine, port),
                self._clock,
                ringer=ringer,
            )

        try:
            return made(self._settings), ""
        except SettingsError as fault:
            plain = msgspec.structs.replace(self._settings.phone, bind="", tls_ca="")
            return made(msgspec.structs.replace(self._settings, phone=plain)), str(fault)

    def _services(self, desk: Desk, bridge: Bridge) -> Services:
        return Services(
            phone=desk.phone,
            history=desk.history,
            link=desk.link,
            bridge=bridge,
            runner=self.tasks,
            clock=self._clock,
            words=self.words,
            memory=self._memory(),
            settings=lambda: self._settings,
            save=self._save,
            export=self._export,
            devices=self._late.devices,
            centres=(self._settings.centre,) if self._settings.centre else (),
            given=self._home.given,
            provisioning=Provisioning(
                words=self.words,
                runner=self.tasks,
                clock=self._clock,
                home=self._home,
                take=self._take_link,
            ),
        )

    def _memory(self) -> Memory:
        keeper = self._home.keeper
        kept = keeper is not None and keeper.writable
        return FileMemory(keeper.file.with_name("windows.ini")) if kept and keeper else self._unkept

    def _tell(self, key: str, words: str) -> None:
        if self.window is not None:
            self.window.notices.tell(key, self.words.fault(words), "critical")

    def _window_closed(self) -> None:
        self.closed.set()

    def _link_changed(self, event: LinkChanged) -> None:
        sees = event.role is not None and event.role.includes(Role.SUPERVISOR)
        if event.state is LinkState.ONLINE and sees and self.wallboard is None and self._watch is None:
            self.show_wallboard()
        if event.state is LinkState.ONLINE and self.desk is not None:
            desk = self.desk
            try:
                self._home.signed_in(desk.link.url, event.user)
            except SettingsError as fault:
                self._tell("settings", str(fault))
            if self._home.keeper is not None:
                self.tasks.run(self._fetch(desk))

    async def _save(self, settings: DeskSettings, password: str | None) -> None:
        """Keep the settings and put them to use. Raises SettingsError or EnvironmentFault."""
        if password is not None and settings.phone.uri:
            await asyncio.to_thread(save_password, settings.phone.uri, password)
        before = self._settings
        try:
            await asyncio.to_thread(self._home.change, settings)
        finally:
            await self._use(before, password_changed=password is not None)

    async def _use(self, before: DeskSettings, *, password_changed: bool = False) -> None:
        """Put to use what holds now. Raises EnvironmentFault."""
        now = self._settings
        self.look.use(now.window.theme)
        if now.audio != before.audio and self._sound is None:
            self._late.use_settings()
        if self.desk is not None:
            await self.desk.use_settings(now, password_changed=password_changed)
        if self.window is not None and self.window.signing_in and now.centre != before.centre:
            self.window.show_sign_in()

    async def _fetch(self, desk: Desk) -> None:
        """Take what the centre gives the person who signed in."""
        before = self._settings
        try:
            fresh = await self._home.fetch(desk, self._clock.now())
        except SettingsError as fault:
            self._tell("settings", str(fault))
            fresh = True
        await self._use(before, password_changed=fresh)

    async def _take_link(self, offered: "Offered", replacing: bool) -> None:  # noqa: FBT001 - a tick
        before = self._settings
        try:
            self._home.take(offered, self._clock.now(), replacing=replacing)
        finally:
            await self._use(before)

    async def _export(self, kind: str, path: Path) -> None:
        if self.desk is not None:
            export = export_csv if kind == "csv" else export_json
            await export(self.desk.database, path)

    def _devices_changed(self, speaker: str, microphone: str) -> None:
        if self.desk is not None:
            self.desk.bus.publish(
                AudioDevicesChanged(
                    id=self._clock.new_id(),
                    at=self._clock.now(),
                    speaker=speaker,
                    microphone=microphone,
                    ringer=self._settings.audio.ringer or speaker,
                )
            )


async def exposed(window: QWidget) -> None:
    """Wait until the window is on the screen (for a moment at most): what starts next would hold it up."""
    handle = window.windowHandle()
    for _ in range(_EXPOSED_LOOKS):
        if handle.isExposed():
            return
        await asyncio.sleep(_EXPOSED_LOOK_S)
