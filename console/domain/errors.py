"""The error tree.

CallboardError
├── EnvironmentFault      what the world did wrong; the user or IT can act on it; shown as one line
│   ├── SettingsError     a settings file or option is wrong (names the line and the option)
│   ├── StoreError        a database is corrupt, newer than this program, locked or the disk is full
│   ├── NetworkError      a peer cannot be reached, a port is in use, a certificate is wrong
│   ├── AudioError        no sound device, or it went away
│   ├── MediaFileError    a sound file that is none
│   └── Refused           the centre or a peer said no: bad password, expired token, missing right
├── BadInput              a frame, event, address or SIP message that does not fit its form
│   ├── NotThere          it names something that does not exist
│   ├── SignatureFault    what is signed was changed, or is signed by a stranger
│   └── TooLate           it asks for something that could be done a moment ago, and no longer can
└── IllegalTransition     our own bug: a state machine was asked for a step that is not in its table
"""


class CallboardError(Exception):
    """The root of all errors raised on purpose."""


class EnvironmentFault(CallboardError):
    """The world did something wrong; the message says what happened, what it means and what to do."""


class SettingsError(EnvironmentFault):
    """A settings file or option is wrong."""


class StoreError(EnvironmentFault):
    """A database cannot be used as it is."""


class NetworkError(EnvironmentFault):
    """A peer cannot be reached, or a port cannot be bound."""


class AudioError(EnvironmentFault):
    """There is no usable sound device."""


class MediaFileError(EnvironmentFault):
    """A sound file cannot be played or written."""


class Refused(EnvironmentFault):
    """A peer said no."""


class BadInput(CallboardError):
    """Input from outside that does not fit its form."""


class NotThere(BadInput):
    """What is named does not exist."""


class SignatureFault(BadInput):
    """A signature is not of this content by this key, or no signature at all."""


class TooLate(BadInput):
    """What is asked for cannot be done any more, or not yet."""


class IllegalTransition(CallboardError):
    """A state machine was asked for a step that is not in its table."""
