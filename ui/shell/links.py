"""Links that other programs hand to the desk: into the dial field for the person to decide, never dialled."""

import re
from collections.abc import Callable

from PySide6.QtCore import QObject

from console.domain.errors import BadInput
from console.domain.links import CallLink, ProvisionLink, parse_link
from ui.telephony.dialler import Dialler
from ui.widgets.notice import Action, Notices
from ui.widgets.words import Words

_CAUSE = "link from outside"
_SHORT = 24
_PIECE = re.compile(r"[^@.;:-]{1,16}[@.;:-]?|[@.;:-]")
_MAY_BREAK = "\u200b"


def breakable(address: str) -> str:
    """A long address that may break over lines: all of it has to be seen, the host most of all."""
    return _MAY_BREAK.join(_PIECE.findall(address)) if len(address) > _SHORT else address


class Links(QObject):
    """Takes links for one window; while nobody is at the desk (sign-in) the last one waits.

    `at_desk` says whether the dial field is there, `keep_focus` whether the person is writing right now and
    the keyboard stays where it is, `provision` takes a link with settings.
    """

    def __init__(
        self,
        dialler: Dialler,
        notices: Notices,
        words: Words,
        *,
        at_desk: Callable[[], bool],
        keep_focus: Callable[[], bool],
        provision: Callable[[str], None],
    ) -> None:
        """Nothing waits."""
        super().__init__(dialler)
        self._dialler = dialler
        self._notices = notices
        self._words = words
        self._at_desk = at_desk
        self._keep_focus = keep_focus
        self._provision = provision
        self._waiting: CallLink | None = None
        dialler.given_up.connect(lambda: notices.clear(_CAUSE))

    def take(self, text: str) -> None:
        """Look at a link and offer what it asks for; a bad one is told."""
        try:
            link = parse_link(text)
        except BadInput as fault:
            self._notices.tell(_CAUSE, self._words.fault(str(fault)), "warning")
            return
        if isinstance(link, ProvisionLink):
            self._provision(link.text)
        elif self._at_desk():
            self._offer(link)
        else:
            self._waiting = link
            told = self._words(
                "{number} from a link waits here until you have signed in.", number=breakable(link.target)
            )
            self._notices.tell(_CAUSE, told)

    def arrived(self) -> None:
        """The dial field is there: what waited is offered."""
        link, self._waiting = self._waiting, None
        if link is not None:
            self._offer(link)

    def _offer(self, link: CallLink) -> None:
        self._dialler.offer(link.target, focus=not self._keep_focus())
        call = Action(self._words("Call"), lambda: self._dialler.dial(link.target))
        self._notices.tell(_CAUSE, " ".join(self._told(link)), "info", call)

    def _told(self, link: CallLink) -> list[str]:
        words = self._words
        told = [
            words(
                "A link asks to call {number}. Nobody is called until you press Call.",
                number=breakable(link.target),
            )
        ]
        if link.context:
            told.append(words("It is a local number within {context}.", context=breakable(link.context)))
        if link.extension:
            told.append(words("Extension, once it is answered: {digits}.", digits=link.extension))
        if link.left_out:
            what = ", ".join(link.left_out)
            told.append(words("It asked for more, which was left out: {what}.", what=what))
        return told
