"""Our prompts and music as Asterisk wants them: a folder a language, a file a codec.

Asterisk takes the file whose codec the call speaks, so that nothing is transcoded while callers wait;
`wav16` (16 kHz) is there for all other codecs.
"""

import wave
from pathlib import Path

from console.domain.errors import EnvironmentFault
from console.switch.sounds import encoded, read_wav

LANGUAGES = ("en", "de")
_ENDINGS = {"PCMU": "ulaw", "PCMA": "alaw", "G722": "g722"}
_EVERYTHING, _RATE = "wav16", 16000


def lay_sounds(source: Path, target: Path) -> int:
    """Write the sounds of a folder as `target`/LANGUAGE/NAME.ENDING; returns how many sounds there are.

    What a language has not is there in English. Takes a second or two. Raises EnvironmentFault.
    """
    made = 0
    try:
        for language in LANGUAGES:
            folder = target / language
            folder.mkdir(parents=True, exist_ok=True)
            for name, file in sorted(_sounds(source, language).items()):
                _lay(file, folder / name)
                made += 1
    except OSError as fault:
        raise EnvironmentFault(
            f"the sounds cannot be written to {target}: {fault.strerror or fault}"
        ) from None
    if not made:
        raise EnvironmentFault(f"there are no sounds in {source}: the installation is not complete.")
    return made // len(LANGUAGES)


def _sounds(source: Path, language: str) -> dict[str, Path]:
    folders = (source, source / "en", source / language)
    return {file.stem: file for folder in folders for file in folder.glob("*.wav")}


def _lay(file: Path, target: Path) -> None:
    sound = read_wav(file)
    for codec, ending in _ENDINGS.items():
        target.with_suffix(f".{ending}").write_bytes(b"".join(encoded(sound, codec)))
    with wave.open(str(target.with_suffix(f".{_EVERYTHING}")), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(_RATE)
        written.writeframes(sound.astype("<i2").tobytes())
