"""What is locked is shown as such: readable, reached by keyboard, told to a screen reader, and held."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from console.policy.keeper import Keeper
from console.policy.resolve import Rank
from console.settings import Option
from tests.ui.doubles import words
from tests.ui.settings_sample import KEY, NOW, link_of, make_keeper, make_provisioning
from ui.settings.dialog import SettingsDialog
from ui.settings.form import Field
from ui.settings.home import SettingsHome, tell_faults
from ui.settings.provisioning import OfferDialog, offer
from ui.shell.sign_in import SignInPage
from ui.widgets.look import Look
from ui.widgets.notice import Notices
from ui.widgets.words import Words


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return make_keeper(tmp_path)


def _dialog(qtbot: QtBot, keeper: Keeper, language: str = "en") -> SettingsDialog:
    given = SettingsHome(keeper).given()
    dialog = SettingsDialog(keeper.settings, ("Headset",), (), words(language), given=given)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


LOCKED = ["centre", "phone.srtp", "phone.codecs", "phone.auto_answer", "history.keep_days", "crash.send",
          "audio.ringer"]  # fmt: skip


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_is_readable_and_cannot_be_changed(
    name: str, look: Look, qtbot: QtBot, keeper: Keeper
) -> None:
    field = _dialog(qtbot, keeper).fields[name]
    shown = field.widget
    assert isinstance(shown, QLineEdit)
    assert shown.isReadOnly()
    assert shown.isEnabled()  # a disabled one is passed over by the Tab key, and so by a screen reader
    assert shown.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert shown.text()
    assert shown.accessibleDescription().startswith("Locked by Example Ltd IT. ")
    before = shown.text()
    shown.setFocus()
    qtbot.keyClicks(shown, "x")
    assert shown.text() == before
    assert field.value == keeper.origin(name).value


def test_who_why_and_whom_to_ask(look: Look, qtbot: QtBot, keeper: Keeper) -> None:
    fields = _dialog(qtbot, keeper).fields
    assert fields["phone.srtp"].given == (
        "Locked by Example Ltd IT. Customers' voices never leave this house unencrypted. "
        "Questions: it@example.org, 4444"
    )
    assert fields["history.keep_days"].given == (
        "Locked by Example Ltd IT. Company rule 7. Questions: it@example.org, 4444"
    )
    assert fields["window.theme"].given == "Preset by Example Ltd IT."
    assert fields["phone.uri"].given == "Preset by the centre https://centre.example.org."
    assert fields["updates.check"].given == "Preset by a link of Example Ltd IT."
    assert fields["phone.transport"].given == ""  # the person's own
    german = _dialog(qtbot, keeper, "de").fields
    assert german["phone.srtp"].given.startswith("Gesperrt durch Example Ltd IT. ")
    assert german["phone.uri"].given == "Vorgegeben durch die Zentrale https://centre.example.org."
    assert german["phone.auto_answer"].widget.text() == "Nein"  # type: ignore[attr-defined]


def test_the_queues_served_can_be_read(look: Look, qtbot: QtBot, keeper: Keeper) -> None:
    dialog = _dialog(qtbot, keeper)
    assert "Support" in [label.text() for label in dialog.findChildren(QLabel)]


def test_keeping_an_untouched_window_writes_nothing(look: Look, qtbot: QtBot, keeper: Keeper) -> None:
    before = keeper.file.read_text()
    home = SettingsHome(keeper)
    dialog = _dialog(qtbot, keeper)
    dialog.kept.connect(lambda settings, _password: home.change(settings))
    dialog.keep()
    assert keeper.file.read_text() == before
    dialog.fields["window.language"].show("de")
    dialog.keep()
    assert keeper.file.read_text() == before + '\n[window]\nlanguage = "de"\n'


def test_the_sign_in_names_who_set_the_centre(look: Look, qtbot: QtBot) -> None:
    page = SignInPage(words())
    qtbot.addWidget(page)
    page.offer("https://centre.example.org", "ada")
    page.hold_centre("Example Ltd IT")
    assert page.url.isReadOnly()
    assert page.url.accessibleDescription() == "The centre is set by Example Ltd IT."
    page.hold_centre("")
    assert not page.url.isReadOnly()
    assert page.held.isHidden()


# ---- links


@pytest.fixture
def notices(look: Look, qtbot: QtBot) -> Notices:
    made = Notices()
    qtbot.addWidget(made)
    made.show()
    return made


def _offered(keeper: Keeper, notices: Notices, link: str, said: Words | None = None) -> OfferDialog | None:
    offer(notices, notices, make_provisioning(keeper, said or words()), link)
    return next(iter(notices.findChildren(OfferDialog)), None)


def test_nothing_changes_before_the_person_agrees(keeper: Keeper, notices: Notices) -> None:
    link = link_of(
        {"window.language": "de", "phone.srtp": "off", "history.keep_days": 30, "phone.transport": "tls"}
    )
    before = keeper.settings
    dialog = _offered(keeper, notices, link)
    assert dialog is not None
    assert keeper.settings == before
    assert dialog.changes == [
        "Language: Like the system becomes Deutsch.",
        "Encrypted sound: stays Always (the link has Off). Locked by Example Ltd IT.",
        "Keep history for (days): 30, as it is already.",
        "Transport: stays TCP (the link has TLS (encrypted)). You chose it yourself.",
    ]
    assert dialog.replace.isVisible()
    dialog.reject()
    assert keeper.settings == before
    assert len(keeper.provisioned.links) == 1


def test_agreed_to_it_holds_but_not_before_a_lock_or_the_person(keeper: Keeper, notices: Notices) -> None:
    dialog = _offered(
        keeper, notices, link_of({"window.language": "de", "phone.srtp": "off", "phone.transport": "tls"})
    )
    assert dialog is not None
    dialog.agree()
    assert (keeper.settings.window.language, keeper.settings.phone.srtp) == ("de", "required")
    assert keeper.settings.phone.transport == "tcp"
    assert keeper.origin("window.language").rank is Rank.PROVISIONED
    assert "The settings of Example Ltd IT are in use." in notices.told.values()


def test_the_person_may_let_it_replace_their_own(keeper: Keeper, notices: Notices) -> None:
    dialog = _offered(keeper, notices, link_of({"phone.transport": "tls"}))
    assert dialog is not None
    dialog.replace.setChecked(True)
    assert dialog.changes == ["Transport: TCP becomes TLS (encrypted)."]
    dialog.agree()
    assert keeper.settings.phone.transport == "tls"
    assert "transport" not in keeper.file.read_text()
    assert 'user = "ada"' in keeper.file.read_text()


def test_enter_pressed_too_soon_changes_nothing(keeper: Keeper, notices: Notices, qtbot: QtBot) -> None:
    dialog = _offered(keeper, notices, link_of({"window.language": "de"}))
    assert dialog is not None
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert keeper.settings.window.language == "system"


def test_the_last_link_is_the_one_that_is_asked_about(keeper: Keeper, notices: Notices) -> None:
    first = _offered(keeper, notices, link_of({"window.language": "de"}))
    assert first is not None
    offer(notices, notices, make_provisioning(keeper, words()), link_of({"window.language": "en"}))
    open_ = [dialog for dialog in notices.findChildren(OfferDialog) if dialog.isVisible()]
    assert [dialog.changes for dialog in open_] == [["Language: Like the system becomes English."]]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (link_of({"user": "x"}, key=KEY)[:-4] + "AAAA", "Unterschrift dieses Links stimmt nicht"),
        (link_of({"user": "x"}, days=-1), "Dieser Link galt bis 2026-11-22 09:00 UTC"),
        ("callboard://provision?d=1", "kein Link mit Einstellungen"),
    ],
)
def test_a_bad_link_is_told_in_german(link: str, told: str, keeper: Keeper, notices: Notices) -> None:
    assert _offered(keeper, notices, link, words("de")) is None
    assert told in " ".join(notices.told.values())
    assert len(keeper.provisioned.links) == 1
    assert NOW is not None


def test_a_bad_policy_is_told_in_the_window(tmp_path: Path, notices: Notices) -> None:
    make_keeper(tmp_path)
    keeper = make_keeper(tmp_path, policy="[locks]\nphone.srtp = 3\n", user='usr = "ada"\n')
    tell_faults(keeper, notices, words("de"))
    policy, user = notices.told.values()
    assert policy.startswith(f"{tmp_path / 'policy.toml'}:2: locks.phone.srtp: Expected `str`")
    assert policy.endswith("Die Richtlinie wird nicht verwendet; die letzte gute gilt weiter.")
    assert "Berichtigen Sie die Datei" in user
    assert keeper.settings.phone.srtp == "required"


def test_a_number_with_more_digits_than_are_shown_stays(look: Look, qtbot: QtBot) -> None:
    option = Option("log.size_mb", "number", 5.0, "", least=0.1, most=1000)
    field = Field(option, words())
    qtbot.addWidget(field.widget)
    field.show(0.12345)
    assert field.value == 0.12345
    assert isinstance(field.widget, QDoubleSpinBox)
    field.widget.setValue(2.5)
    assert field.value == 2.5
