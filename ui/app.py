"""The windows' composition root: desk, sound, agent window and wallboard made one."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import tomlkit
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from console import paths
from console.clock import Clock
from console.desk import Desk, make_desk
from console.domain.agent import Role
from console.domain.errors import AudioError, EnvironmentFault, SettingsError
from console.domain.events import AudioDevicesChanged, LinkChanged, LinkState
from console.history.export import export_csv, export_json
from console.settings import DeskSettings, read_settings
from console.sync.link import Link
from console.telephony.accounts import save_password
from console.telephony.audio import AudioPort
from console.telephony.engine import Engine, EngineSettings
from ui.bridge import Bridge, Tasks
from ui.shell.memory import FileMemory, NoMemory
from ui.shell.services import Devices, Memory, Services
from ui.shell.window import AgentWindow
from ui.widgets.look import Look
from ui.widgets.words import Words, words_for

if TYPE_CHECKING:
    from ui.metrics.wallboard import Wallboard
    from ui.telephony.audio import QtAudio, QtRinger

_log = logging.getLogger(__name__)

MakeEngine = Callable[[EngineSettings, AudioPort | None], Engine]
_SETTINGS_FILE = "desk.toml"
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

    def __init__(  # noqa: PLR0913 - a composition root takes everything
        self,
        application: QApplication,
        settings: DeskSettings,
        clock: Clock,
        make_engine: MakeEngine,
        folder: Path,
        *,
        settings_file: Path | None = None,
        sound: AudioPort | None = None,
    ) -> None:
        """`settings_file` None keeps nothing. `sound` in place of the machine's devices, for a desk nobody
        listens at.
        """
        self._settings = settings
        self._settings_file = settings_file
        self._clock = clock
        self._make_engine = make_engine
        self._folder = folder
        self._sound = sound
        self._late = LateSound(lambda: self._settings, self._devices_changed)
        self.look = Look(application, paths.resources() / "fonts")
        self.look.use(settings.window.theme)
        self.words: Words = words_for(settings.window.language)
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
        desk = make_desk(
            self._settings,
            self._folder,
            lambda engine: self._make_engine(engine, port),
            self._clock,
            ringer=ringer,
        )
        self.desk = desk
        self._bridge = Bridge(desk.bus, desk.link)
        self.window = AgentWindow(self._services(desk, self._bridge), self.look)
        self.window.board_wanted.connect(self.show_wallboard)
        self.window.closed.connect(self._window_closed)
        self.tasks.report_to(lambda words: self._tell("failed", words))
        desk.bus.subscribe(LinkChanged, self._link_changed)
        self.window.start()
        self.window.show()
        await exposed(self.window)
        try:
            await desk.start()
        except EnvironmentFault as fault:
            self._tell("phone", str(fault))
        for fault_words in desk.faults:
            self._tell("desk", fault_words)
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
        )

    def _memory(self) -> Memory:
        file = self._settings_file
        return FileMemory(file.with_name("windows.ini")) if file else self._unkept

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
            self._remember(self.desk.link.url, event.user)

    def _remember(self, centre: str, user: str) -> None:
        """The next start offers the same centre and name."""
        if (self._settings.centre, self._settings.user) != (centre, user):
            self._settings = msgspec.structs.replace(self._settings, centre=centre, user=user)
            self._write(self._settings)

    async def _save(self, settings: DeskSettings, password: str | None) -> None:
        """Keep the settings and put them to use. Raises SettingsError or EnvironmentFault."""
        if password is not None and settings.phone.uri:
            await asyncio.to_thread(save_password, settings.phone.uri, password)
        before, self._settings = self._settings, settings
        await asyncio.to_thread(self._write, settings)
        self.look.use(settings.window.theme)
        if settings.audio != before.audio:
            self._late.use_settings()
        if self.desk is not None:
            self.desk.settings = settings
            if settings.phone != before.phone or password is not None:
                await self.desk.use_own_account()

    def _write(self, settings: DeskSettings) -> None:
        if self._settings_file is not None:
            write_settings(self._settings_file, settings)

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


def load_settings(file: Path) -> tuple[DeskSettings, str]:
    """The desk's settings and what was wrong with them ("" when nothing was): a bad file never stops the
    phone.
    """
    if not file.exists():
        return DeskSettings(), ""
    try:
        return read_settings(file, DeskSettings), ""
    except SettingsError as fault:
        return DeskSettings(), str(fault)


def write_settings(file: Path, settings: DeskSettings) -> None:
    """Write the settings that differ from the defaults; comments in the file stay. Raises SettingsError."""
    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8")) if file.exists() else tomlkit.document()
        _merge(document, settings)
        part = file.with_name(f"{file.name}.part")
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        part.replace(file)
    except (OSError, ValueError) as fault:
        raise SettingsError(f"{file}: the settings cannot be written: {fault}") from None


def _merge(document: "tomlkit.TOMLDocument", settings: DeskSettings) -> None:
    """Bring a document to the settings: what differs from the default is written, what does not goes."""
    usual = msgspec.to_builtins(DeskSettings())
    for key, value in msgspec.to_builtins(settings).items():
        if not isinstance(value, dict):
            _put(document, key, value, usual[key])
            continue
        if key not in document and value != usual[key]:
            document[key] = tomlkit.table()
        if key in document:
            for name, item in value.items():
                _put(document[key], name, item, usual[key][name])


def _put(table: Any, key: str, value: object, usual: object) -> None:
    if value != usual:
        table[key] = list(value) if isinstance(value, tuple) else value
    elif key in table:
        del table[key]
