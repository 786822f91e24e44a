"""A settings file whose parts do not fit together is refused before anything starts, with line and option."""

import pytest

from console.domain.errors import SettingsError
from console.domain.plan import overflow_circle
from console.domain.queue import Queue
from console.settings import CentreSettings, parse_settings

_A = "[[queues]]\nkey = 'a'\n"
_B = "[[queues]]\nkey = 'b'\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_A + "timezone = 'Europe/Berln'", r"x:3: queues\[0\]\.timezone: .*Europe/Berln"),
        (_A + "timezone = '../../etc/passwd'", r"x:3: queues\[0\]\.timezone: "),
        (_A + "overflow_to = 'nowhere'", r"x:3: queues\[0\]\.overflow_to: .*nowhere"),
        (_A + "overflow_to = 'a'", r"x:3: queues\[0\]\.overflow_to: .*a → a"),
        (
            _A + _B + "overflow_to = 'c'\n[[queues]]\nkey = 'c'\noverflow_to = 'b'",
            r"x:5: queues\[1\]\.overflow_to: .*b → c → b",
        ),
        (_A + _A, r"x:4: queues\[1\]\.key: .*already"),
        (_A + "numbers = ['1']\n" + _B + "numbers = ['1']", r"x:6: queues\[1\]\.numbers: .*“a”"),
        (_A + _B + "numbers = ['a']", r"x:5: queues\[1\]\.numbers: .*“a”"),
        (_A + "max_wait_s = inf", r"x:3: queues\[0\]\.max_wait_s: inf"),
        (_A + "wrap_up_s = nan", r"x:3: queues\[0\]\.wrap_up_s"),
        (_A + "ring_timeout_s = 0", r"x:3: queues\[0\]\.ring_timeout_s"),
        (_A + "music = '../../secret'", r"x:3: queues\[0\]\.music"),
        (_A + "skills = [{skill = 'x', level = 99}]", r"x:3: queues\[0\]\.skills\[0\]\.level"),
        (_A + "[[agents]]\nkey = 'x'\nqueues = ['a', 'b']", r"x:5: agents\[0\]\.queues: .*“b”"),
        ("[[agents]]\nkey = 'x'\n[[agents]]\nkey = 'x'", r"x:4: agents\[1\]\.key"),
        ("[[users]]\nname = 'x'\n[[users]]\nname = 'x'", r"x:4: users\[1\]\.name"),
        ("[[users]]\nname = 'x'\npassword_hash = 'secret'", r"x:3: users\[0\]\.password_hash: .*argon2"),
        ("[switch]\nkind = 'foo'", r"x:2: switch\.kind"),
        ("[switch]\nlanguage = 'fr'", r"x:2: switch\.language"),
        ("[switch]\nrtp_first = 20000\nrtp_last = 10000", r"x:3: switch\.rtp_last"),
    ],
)
def test_what_does_not_fit_together_is_named_with_its_line(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        parse_settings(text, CentreSettings, "x")
    assert "secret" not in str(caught.value)


def test_a_chain_of_overflow_is_no_circle() -> None:
    queues = {
        "a": Queue(key="a", overflow_to="b"),
        "b": Queue(key="b", overflow_to="c"),
        "c": Queue(key="c"),
        "d": Queue(key="d", overflow_to="e"),
        "e": Queue(key="e", overflow_to="e"),
    }
    assert [overflow_circle(key, queues) for key in queues] == [[], [], [], [], ["e", "e"]]
