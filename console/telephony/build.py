"""What build of the SIP library this is, and what it can do: a value for the probe."""

import msgspec


class SoundDevice(msgspec.Struct, frozen=True):
    """A sound device that the library itself can open; counts of channels."""

    name: str
    driver: str
    inputs: int
    outputs: int


class EngineBuild(msgspec.Struct, frozen=True, kw_only=True):
    """One build of the library. `builder` "Callboard" for our own, "PyPI" for the wheel that pip finds there.
    `tls` "" when it has none; `call_limit` is compiled in.
    """

    version: str
    builder: str = "PyPI"
    tls: str
    ciphers: int
    codecs: tuple[str, ...]
    devices: tuple[SoundDevice, ...]
    call_limit: int
    srtp: tuple[str, ...] = ()
