"""Reads what the compiler and the linker said.

Every class of warning that the sources give today was read once, and stands below with what was found. A
serious class, one that points at memory or undefined behaviour, fails the build, whatever the file.
"""

import re
from collections import Counter

READ = {
    "missing-field-initializers": "C and C++ set the fields left out to zero, and PJSIP counts on it",
    "sign-compare": "lengths from system calls beside sizes; negative values are handled before",
    "clobbered": "locals around PJ_TRY, which is setjmp; none is read after the longjmp",
    "unused-label": "labels as reminders of their authors",
    "implicit-fallthrough=": "states of a parser that go on into the next",
    "redundant-move": "costs nothing",
    "cast-function-type": "an OpenSSL callback of older prototype",
}
_SERIOUS_NAMES = """
    address aggressive-loop-optimizations alloc-size-larger-than= array-bounds array-bounds= dangling-pointer
    dangling-pointer= format format= format-overflow format-overflow= format-security free-nonheap-object
    implicit-function-declaration implicit-int incompatible-pointer-types infinite-recursion int-conversion
    int-to-pointer-cast mismatched-dealloc mismatched-new-delete nonnull odr overflow pointer-to-int-cast
    restrict return-local-addr return-type sequence-point shift-count-overflow sizeof-array-argument
    sizeof-pointer-memaccess stringop-overflow stringop-overflow= stringop-overread strict-aliasing
    uninitialized use-after-free vla-parameter
"""
SERIOUS = frozenset(name.strip() for name in _SERIOUS_NAMES.split())
_WARNING = re.compile(
    r"^(?P<place>[^\s:]+):(?:\d+:)*\s+warning: (?P<words>.*?)(?: \[-W(?P<kind>[\w+=-]+)\])?$"
)


class Diagnostics:
    """The warnings of one build, each place counted once."""

    def __init__(self, said: str) -> None:
        """`said`: everything that the compiler and the linker printed."""
        self._found: set[tuple[str, str, str]] = set()
        for line in said.splitlines():
            match = _WARNING.match(line)
            if match:
                kind = match["kind"] or ("linker" if match["place"].endswith("ld") else "other")
                self._found.add((kind, line.partition(" warning:")[0], match["words"]))

    @property
    def counts(self) -> dict[str, int]:
        """Warnings per class, most first."""
        counted = Counter(kind for kind, _, _ in self._found)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    @property
    def serious(self) -> list[str]:
        """The lines that fail the build."""
        return sorted(f"{place} {words} [{kind}]" for kind, place, words in self._found if kind in SERIOUS)

    def summary(self) -> str:
        """One line for the terminal."""
        counts = self.counts
        unread = {kind: count for kind, count in counts.items() if kind not in READ and kind not in SERIOUS}
        parts = ", ".join(f"{kind} {count}" for kind, count in counts.items())
        words = f"{sum(counts.values())} warnings ({parts or 'none'}); serious: {len(self.serious)}"
        return words + (f"; of classes nobody has read yet: {unread}" if unread else "")
