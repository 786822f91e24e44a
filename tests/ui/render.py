"""Every state of the agent's window as pictures: `python tests/ui/render.py FOLDER [filter]`.

Light and dark, English and German, 360, 800 and 1200 points wide, at 100 % and 200 %.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec
from PySide6.QtWidgets import QApplication

from console import paths
from console.domain.agent import AgentState, Presence
from console.domain.call import Quality
from console.domain.events import AudioDevicesChanged, LinkState, RegistrationChanged
from console.domain.queue import SkillNeed
from console.settings import DeskSettings
from console.wire import ConsultView, OfferView, RecordingView
from tests.ui.calls_of_days import make_rows
from tests.ui.doubles import Scene, make_scene
from ui.shell.window import AgentWindow
from ui.widgets.look import Look

_SKILLS = (SkillNeed("english", 5), SkillNeed("billing", 3))
_LONG = "Rechtsschutzversicherungsgesellschaften-Vertrag 2024-11-000123456789, Zusatzvereinbarung B"
_GOOD = Quality(codec="G722/16000", mos=4.3, loss_percent=0.1, jitter_ms=3, rtt_ms=24)
_POOR = Quality(codec="PCMU", mos=2.6, loss_percent=4.1, jitter_ms=38, rtt_ms=310)


def _signed_in(scene: Scene, state: AgentState = AgentState.READY, seconds: float = 0) -> None:
    scene.link.online()
    scene.link.view(state, since=scene.clock.now() - timedelta(seconds=seconds))


def empty(scene: Scene, window: AgentWindow) -> None:
    """A fresh desk, signed in."""
    scene.history.rows.clear()
    window.start()
    _signed_in(scene, AgentState.READY, 754)
    window.show_desk()
    window.desk.history.refresh()


def sign_in(_scene: Scene, window: AgentWindow) -> None:
    """Before signing in, after a wrong password."""
    window.start()
    window.show_sign_in()
    assert window.sign_in is not None
    window.sign_in.offer("https://centre.example.org", "anna")
    window.sign_in.password.setText("secret")
    window.sign_in.tell("The centre does not know this user or password. Check both and try again.")


def paused(scene: Scene, window: AgentWindow) -> None:
    """Paused with a reason; history full."""
    window.start()
    _signed_in(scene)
    scene.link.view(
        AgentState.PAUSED,
        presence=Presence.PAUSED,
        reason="Back office",
        since=scene.clock.now() - timedelta(seconds=312),
    )
    window.show_desk()


def incoming(scene: Scene, window: AgentWindow) -> None:
    """A call rings."""
    window.start()
    _signed_in(scene)
    window.show_desk()
    scene.phone.ring(skills=_SKILLS)
    scene.link.view(AgentState.OFFERED)
    _after(scene, window, 6)


def talking(scene: Scene, window: AgentWindow) -> None:
    """In a call, the keypad open."""
    window.start()
    _signed_in(scene)
    window.show_desk()
    call = scene.phone.ring(
        "Dr. Maximiliane von Hohenstein-Weißenburg-Rothenfels", "+498912345678", skills=_SKILLS
    )
    _after(scene, window, 9)
    scene.phone.answer(call)
    scene.phone.change(call, quality=_GOOD, encrypted=True)
    scene.link.view(AgentState.ON_CONTACT)
    _after(scene, window, 725)


def keypad(scene: Scene, window: AgentWindow) -> None:
    """Keys pressed into a call."""
    talking(scene, window)
    window.desk.keypad()
    for digit in "1234#":
        window.desk.stage.cards[0]._press(digit)


def second(scene: Scene, window: AgentWindow) -> None:
    """One call held, a second one talked on; about to be joined."""
    window.start()
    _signed_in(scene)
    window.show_desk()
    call = scene.phone.ring(skills=_SKILLS)
    scene.phone.answer(call)
    scene.clock.move(65)
    other = scene.phone.dial("support")
    scene.phone.answered(other)
    scene.phone.change(other, quality=_POOR, muted=True)
    scene.link.view(AgentState.ON_CONTACT)
    _after(scene, window, 33)


def transfer(scene: Scene, window: AgentWindow) -> None:
    """Where is it to go."""
    talking(scene, window)
    window.desk.stage.open_transfer()


def consult(scene: Scene, window: AgentWindow) -> None:
    """A colleague is asked while the customer hears music."""
    talking(scene, window)
    interaction = scene.phone.calls[0].interaction
    assert interaction is not None
    asked = ConsultView(
        interaction=interaction, target="bert", name="Bertram Schmidt-Hohenstein", answered=True, held=True
    )
    scene.link.view(AgentState.HOLD, asks=True, consult=asked)


def _recorded(scene: Scene, window: AgentWindow, recording: RecordingView | None, **attached: str) -> None:
    talking(scene, window)
    now, interaction = scene.clock.now(), scene.phone.calls[0].interaction or scene.clock.new_id()
    contact = OfferView(
        interaction=interaction, offer=scene.clock.new_id(), queue="sales", queue_name="Sales",
        customer="sip:+498912345678@example.org", waiting_since=now, offered_at=now, attached=attached,
    )  # fmt: skip
    scene.link.view(AgentState.ON_CONTACT, contact=contact, records=True, recording=recording)


def recordable(scene: Scene, window: AgentWindow) -> None:
    """A call that can be recorded."""
    _recorded(scene, window, None)


def recorded(scene: Scene, window: AgentWindow) -> None:
    """A call that the agent has recorded."""
    _recorded(scene, window, RecordingView(stoppable=True))


def attached(scene: Scene, window: AgentWindow) -> None:
    """A call with much that goes along."""
    values = {"X-Customer-Id": "4711-0815", "TIER": "gold", "X-Contract-Number-Of-The-Policy": _LONG}
    _recorded(scene, window, RecordingView(), **values, **{f"MORE_{place}": str(place) for place in range(6)})


def record_paused(scene: Scene, window: AgentWindow) -> None:
    """A recorded queue's call, paused for a card's number."""
    _recorded(scene, window, RecordingView(paused=True))


def wrap_up(scene: Scene, window: AgentWindow) -> None:
    """After a call."""
    window.start()
    _signed_in(scene)
    window.show_desk()
    row = scene.history.rows[0]
    call = scene.phone.ring(interaction=row.interaction)
    scene.history.rows[0] = _same(row, call)
    scene.phone.answer(call)
    scene.clock.move(200)
    scene.phone.ended(call)
    scene.link.view(
        AgentState.WRAP_UP,
        wrap_up_interaction=row.interaction,
        wrap_up_queue="sales",
        wrap_up_until=scene.clock.now() + timedelta(seconds=30),
        wrap_up_extensions=2,
        wrap_up_extension_s=30.0,
    )
    window.desk.editor.text.setPlainText("Wants an offer for 20 seats until Friday.")
    window.desk.editor.disposition.setCurrentIndex(2)
    window.desk.editor.keep()
    _after(scene, window, 11)


def wrap_up_spent(scene: Scene, window: AgentWindow) -> None:
    """The last seconds of a wrap-up that cannot be made longer any more."""
    wrap_up(scene, window)
    view = scene.link.agent_view
    assert view is not None
    scene.link.view(
        AgentState.WRAP_UP,
        wrap_up_interaction=view.wrap_up_interaction,
        wrap_up_until=scene.clock.now() + timedelta(seconds=9),
        wrap_up_extension_s=30.0,
        presence=Presence.PAUSED,
        reason="Lunch",
    )


def _callback(scene: Scene, window: AgentWindow) -> tuple[UUID, OfferView]:
    window.start()
    _signed_in(scene)
    window.show_desk()
    now = scene.clock.now()
    call = scene.phone.ring("", "callback", skills=_SKILLS)
    contact = OfferView(
        interaction=scene.phone.calls[0].interaction or scene.clock.new_id(),
        offer=scene.clock.new_id(),
        queue="sales",
        queue_name="Sales",
        customer="sip:+498912345678@example.org",
        customer_name="Dr. Maximiliane von Hohenstein-Weißenburg-Rothenfels",
        waiting_since=now - timedelta(seconds=1930),
        offered_at=now,
        callback=True,
    )
    return call, contact


def callback(scene: Scene, window: AgentWindow) -> None:
    """A customer is to be called back; the desk rings."""
    _call, contact = _callback(scene, window)
    scene.link.view(AgentState.OFFERED, contact=contact)
    _after(scene, window, 4)


def callback_dialled(scene: Scene, window: AgentWindow) -> None:
    """The agent is there, the customer is rung."""
    call, contact = _callback(scene, window)
    scene.phone.answer(call)
    scene.link.view(AgentState.ON_CONTACT, contact=msgspec.structs.replace(contact, dialled=True))
    _after(scene, window, 7)


def chosen(scene: Scene, window: AgentWindow) -> None:
    """A call of the history, chosen."""
    window.start()
    _signed_in(scene, AgentState.READY, 64)
    window.show_desk()
    window.desk.history.list.setCurrentIndex(window.desk.history.model.index(1))


def error(scene: Scene, window: AgentWindow) -> None:
    """What was dialled cannot be called; sound and registration are missing."""
    window.start()
    window.show_desk()
    now = scene.clock.now()
    scene.bus.publish(
        AudioDevicesChanged(id=scene.clock.new_id(), at=now, speaker="", microphone="", ringer="")
    )
    scene.bus.publish(
        RegistrationChanged(
            id=scene.clock.new_id(), at=now, account="own", registered=False, sip_code=403, reason="Forbidden"
        )
    )
    window.desk.dialler.field.setText("anna müller")
    window.desk.dialler.dial("anna müller")


def lost(scene: Scene, window: AgentWindow) -> None:
    """The centre is out of reach, with a call at hand."""
    talking(scene, window)
    scene.link.become(LinkState.LOST, "The centre does not answer.")
    window.close()


def nothing_found(scene: Scene, window: AgentWindow) -> None:
    """A search without a result; not responding."""
    window.start()
    _signed_in(scene)
    scene.link.view(AgentState.NOT_RESPONDING, presence=Presence.NOT_RESPONDING)
    window.show_desk()
    window.desk.history.search.setText("Zaphod")
    window.desk.history._look()


def settings(_scene: Scene, window: AgentWindow) -> None:
    """The settings beside the window."""
    window.start()
    window.show_desk()
    window.open_settings()


STATES: dict[str, Callable[[Scene, AgentWindow], None]] = {
    made.__name__: made
    for made in (
        empty,
        sign_in,
        paused,
        incoming,
        talking,
        keypad,
        second,
        transfer,
        consult,
        recordable,
        recorded,
        attached,
        record_paused,
        wrap_up,
        wrap_up_spent,
        callback,
        callback_dialled,
        chosen,
        error,
        lost,
        nothing_found,
        settings,
    )
}
SIZES = ((360, 680), (800, 700), (1200, 720))


def _same(row: object, call: object) -> object:
    return msgspec.structs.replace(row, call=call)


def _after(scene: Scene, window: AgentWindow, seconds: float) -> None:
    scene.clock.move(seconds)
    window.desk.stage.refresh()
    window.desk.tick()


def picture(
    application: QApplication,
    look: Look,
    state: str,
    theme: str,
    language: str,
    size: tuple[int, int],
    file: Path,
) -> None:
    """One picture of one state."""
    look.use(theme)
    scene = make_scene(language, settings=DeskSettings(centre=""))
    scene.history.rows = make_rows(60, scene.clock)
    window = AgentWindow(scene.services, look)
    window.resize(*size)
    window.show()
    STATES[state](scene, window)
    for _ in range(4):
        application.processEvents()
    shown = application.activeModalWidget() or window
    shown.grab().save(str(file))
    shown.close()
    for call in scene.phone.calls:
        scene.phone.ended(call.call)
    window.close()
    window.deleteLater()
    scene.bridge.stop()
    application.processEvents()


def render(folder: Path, only: str = "", scale: str = "1") -> int:
    """All pictures whose name holds `only`; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    look = Look(application, paths.resources() / "fonts")
    made = 0
    for state in STATES:
        for theme in ("light", "dark"):
            for language in ("en", "de"):
                for size in SIZES:
                    name = f"{state}-{theme}-{language}-{size[0]}-{scale}x.png"
                    if only in name:
                        picture(application, look, state, theme, language, size, folder / name)
                        made += 1
    look.stop()
    return made


def main() -> None:
    """Render at one pixel a point, then at two in a second process (Qt reads the scale at its start)."""
    folder, only = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    scale = os.environ.get("QT_SCALE_FACTOR", "1")
    made = render(folder, only, scale)
    sys.stdout.write(f"{made} pictures in {folder}\n")
    if scale == "1":
        subprocess.run(
            [sys.executable, __file__, str(folder), only],
            env=os.environ | {"QT_SCALE_FACTOR": "2"},
            check=True,
        )


if __name__ == "__main__":
    main()
