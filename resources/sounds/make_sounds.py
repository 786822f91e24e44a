"""Make every sound of Callboard: hold music and tones from numbers, prompts spoken by espeak-ng.

Run at build time (`make sounds`; Debian package espeak-ng). The WAV files (16 kHz, mono, 16 bit) and the
manifest are kept in the repository, so that nobody else needs to.
"""

import shutil
import subprocess
import sys
import wave
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

RATE = 16_000
HERE = Path(__file__).resolve().parent
LICENCE = "CC0-1.0"
MUSIC_RMS_DB, SPEECH_RMS_DB, TONE_RMS_DB = -21.0, -20.0, -20.0
PEAK = 0.7  # full scale 1; headroom for the codecs

Sound = np.ndarray  # one dimension, float64, full scale 1


# ---- music: a slow progression that loops without a seam, because every note and echo wraps round ----
BEAT_S = 0.95
BARS = (  # root note of the pad and the notes that the plucked strings wander over, as MIDI numbers
    ((60, 64, 67, 71), (76, 79, 83, 79)),  # C major 7
    ((57, 60, 64, 67), (76, 72, 79, 72)),  # A minor 7
    ((53, 60, 65, 69), (77, 72, 81, 76)),  # F major
    ((55, 59, 62, 69), (74, 79, 81, 74)),  # G with a ninth
    ((52, 59, 64, 67), (76, 71, 79, 83)),  # E minor 7
    ((57, 60, 64, 71), (84, 79, 76, 72)),  # A minor 9
    ((50, 57, 60, 65), (77, 81, 76, 74)),  # D minor 7
    ((55, 60, 62, 67), (79, 74, 72, 74)),  # G, suspended
)
BEATS_A_BAR = 4


def hertz(note: int) -> float:
    """Return the frequency of a MIDI note (69 is A at 440 Hz)."""
    return 440.0 * 2.0 ** ((note - 69) / 12)


def add_round(into: Sound, sound: Sound, at_s: float) -> None:
    """Mix a sound into a loop; what runs over the end comes in at the beginning."""
    where = (round(at_s * RATE) + np.arange(len(sound))) % len(into)
    np.add.at(into, where, sound)


def pad(note: int, seconds: float) -> Sound:
    """Return a soft swelling note: few harmonics, slow to come and go, a slight beat between two voices."""
    t = np.arange(round(seconds * RATE)) / RATE
    shape = np.sin(np.pi * t / seconds) ** 1.5
    body = sum(
        np.sin(2 * np.pi * hertz(note) * detune * harmonic * t) / harmonic**1.8
        for harmonic in (1, 2, 3, 4)
        for detune in (0.9985, 1.0015)
    )
    return shape * body


def pluck(note: int, seconds: float = 3.0) -> Sound:
    """Return a plucked string: high harmonics die first."""
    t = np.arange(round(seconds * RATE)) / RATE
    body = sum(
        np.sin(2 * np.pi * hertz(note) * harmonic * t) * np.exp(-t * (1.3 + 1.1 * harmonic)) / harmonic**1.4
        for harmonic in (1, 2, 3, 4, 5)
    )
    return body * (1 - np.exp(-t * 250))


def echoed(sound: Sound, seconds: float, share: float) -> Sound:
    """Return a loop with the echo of a room, itself a loop (a circular convolution with fading noise)."""
    noise = np.random.default_rng(7).standard_normal(round(seconds * RATE))
    room = noise * np.exp(-5 * np.arange(len(noise)) / len(noise))
    room /= np.sqrt(np.sum(room**2))
    wet = np.fft.irfft(np.fft.rfft(sound) * np.fft.rfft(room, len(sound)), len(sound))
    return (1 - share) * sound + share * wet


def hold_music() -> Sound:
    """Return the music that waiting customers hear: half a minute, quiet, inside the band of a telephone."""
    bar_s = BEAT_S * BEATS_A_BAR
    loop = np.zeros(round(bar_s * len(BARS) * RATE))
    for bar, (chord, melody) in enumerate(BARS):
        begin = bar * bar_s
        for note in chord:
            add_round(loop, 0.16 * pad(note, bar_s * 1.5), begin - bar_s * 0.25)
        for beat, note in enumerate(melody):
            late = 0.012 * ((bar * 5 + beat * 3) % 4)  # no hand is exact
            softer = 0.8 if beat % 2 else 1.0
            add_round(loop, 0.30 * softer * pluck(note), begin + beat * BEAT_S + late)
    return levelled(echoed(loop, 1.8, 0.35), MUSIC_RMS_DB)


# ---- tones ----
def tone(frequencies: tuple[float, ...], seconds: float) -> Sound:
    """Return a tone of several frequencies with soft edges."""
    t = np.arange(round(seconds * RATE)) / RATE
    return soft_edges(sum(np.sin(2 * np.pi * f * t) for f in frequencies) / len(frequencies), 0.008)


def silence(seconds: float) -> Sound:
    """Return silence."""
    return np.zeros(round(seconds * RATE))


def chime(notes: tuple[int, ...], step_s: float, seconds: float) -> Sound:
    """Return plucked notes one after the other, in a sound of a given length that ends in silence."""
    sound = silence(seconds)
    for n, note in enumerate(notes):
        begin = round(n * step_s * RATE)
        rest = sound[begin:]
        rest += pluck(note, len(rest) / RATE)[: len(rest)]
    return soft_edges(sound, 0.02)


def tones() -> dict[str, tuple[Sound, str]]:
    """Return the tones of the desk and the switch: file name -> sound and what it is."""
    ring = np.concatenate([chime((76, 79, 84, 79, 76, 79, 84, 88), 0.14, 1.6), silence(0.8)])
    double = [tone((400, 450), 0.4), silence(0.2), tone((400, 450), 0.4)]
    ringback = np.concatenate([*double, silence(2.0)])
    busy = np.concatenate([tone((425,), 0.48), silence(0.48)])
    waiting = np.concatenate([tone((425,), 0.15), silence(0.15), tone((425,), 0.15)])
    return {
        "ring": (ring, "a call comes in (loop)"),
        "ringback": (ringback, "the other end rings (loop; ITU-T E.180, United Kingdom)"),
        "busy": (busy, "the other end is busy (loop; ITU-T E.180, Germany)"),
        "call-waiting": (waiting, "a second call comes in"),
        "connect": (chime((76, 83), 0.11, 0.6), "the call is through"),
        "hang-up": (chime((79, 72), 0.11, 0.6), "the call has ended"),
        "beep": (tone((1000,), 0.4), "speak after this tone"),
        "hold-beep": (chime((81,), 0.1, 0.4), "a call is still on hold"),
    }


# ---- speech ----
PROMPTS = {
    "": {
        "welcome": "Welcome. Thank you for calling.",
        "please-hold": "Please hold. We will be with you soon.",
        "you-are-number": "You are number",
        "in-the-queue": "in the queue.",
        "closed": "We are closed. Please call again later.",
        "queue-full": "All our lines are busy. Please call again later.",
        "goodbye": "Goodbye.",
        "please-press": "Please press",
        "for": "for",
        "transferred": "You are being transferred.",
        "no-agents": "Nobody can take your call at the moment. Please call again later.",
        "star": "star",
        "hash": "hash",
        "to-be-called-back": "to be called back. You keep your place in the queue.",
        "callback-refused": "We cannot call you back at this number.",
        "callback-confirmed": "Thank you. We will call you back when it is your turn. Goodbye.",
        "voicemail-greeting": "Please leave a message after the tone. Press hash when you are done.",
        "expected-wait": "The expected wait is",
        "less-than-a-minute": "less than a minute.",
        "one-minute": "one minute.",
        "minutes": "minutes.",
    },
    "de": {
        "welcome": "Willkommen. Danke für Ihren Anruf.",
        "please-hold": "Bitte warten Sie. Wir sind gleich für Sie da.",
        "you-are-number": "Sie sind Nummer",
        "in-the-queue": "in der Warteschlange.",
        "closed": "Wir haben geschlossen. Bitte rufen Sie später wieder an.",
        "queue-full": "Alle Leitungen sind belegt. Bitte rufen Sie später an.",
        "goodbye": "Auf Wiederhören.",
        "please-press": "Bitte drücken Sie",
        "for": "für",
        "transferred": "Sie werden verbunden.",
        "no-agents": "Zur Zeit kann niemand Ihren Anruf annehmen. Bitte rufen Sie später wieder an.",
        "star": "Stern",
        "hash": "Raute",
        "to-be-called-back": "für einen Rückruf. Sie behalten Ihren Platz in der Warteschlange.",
        "callback-refused": "Unter dieser Nummer können wir Sie leider nicht zurückrufen.",
        "callback-confirmed": "Danke. Wir rufen Sie zurück, sobald Sie an der Reihe sind. Auf Wiederhören.",
        "voicemail-greeting": "Bitte sprechen Sie nach dem Signalton. Drücken Sie am Ende die Rautetaste.",
        "expected-wait": "Die voraussichtliche Wartezeit beträgt",
        "less-than-a-minute": "weniger als eine Minute.",
        "one-minute": "eine Minute.",
        "minutes": "Minuten.",
        "and": "und",
        "number-one": "ein",  # einundzwanzig
    },
}  # fmt: skip
NUMBERS = (*range(21), *range(30, 100, 10))
VOICES = {"": ("en-gb+f3", 180), "de": ("de+f3", 185)}  # voice and words a minute


def spoken(text: str, voice: str, speed: int) -> Sound:
    """Return a text as espeak-ng speaks it, without the silence around it."""
    told = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "-p", "42", "-g", "2", "--stdout", text],
        capture_output=True,
        check=True,
    )
    with wave.open(BytesIO(told.stdout)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    sound = resampled(sound, rate)
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    sound = sound[max(loud[0] - RATE // 100, 0) : loud[-1] + RATE // 50]
    return levelled(soft_edges(sound, 0.005), SPEECH_RMS_DB)


def prompts(language: str) -> dict[str, tuple[Sound, str]]:
    """Return the prompts of a language: file name -> sound and text."""
    voice, speed = VOICES[language]
    texts = PROMPTS[language] | {f"number-{n}": str(n) for n in NUMBERS}
    folder = f"{language}/" if language else ""
    return {folder + name: (spoken(text, voice, speed), text) for name, text in texts.items()}


# ---- shaping ----
def soft_edges(sound: Sound, seconds: float) -> Sound:
    """Return the sound with a short rise and fall, so that it does not click."""
    edge = np.sin(np.linspace(0, np.pi / 2, round(seconds * RATE))) ** 2
    shaped = sound.copy()
    shaped[: len(edge)] *= edge
    shaped[-len(edge) :] *= edge[::-1]
    return shaped


def levelled(sound: Sound, rms_db: float) -> Sound:
    """Return the sound at an average power (dB to full scale, silent parts aside), its peaks rounded off."""
    heard = sound[np.abs(sound) > 0.02 * np.max(np.abs(sound))]
    gain = 10 ** (rms_db / 20) / np.sqrt(np.mean(heard**2))
    return PEAK * np.tanh(sound * gain / PEAK)


def resampled(sound: Sound, rate: int) -> Sound:
    """Return the sound at RATE (through its spectrum; exact for a sound that begins and ends in silence)."""
    count = round(len(sound) * RATE / rate)
    spectrum = np.fft.rfft(sound)[: count // 2 + 1]
    return np.fft.irfft(spectrum, count) * count / len(sound)


# ---- files ----
@dataclass(frozen=True)
class Line:
    """One line of the manifest."""

    file: str
    kind: str
    language: str
    text: str
    seconds: float


def write(name: str, sound: Sound) -> float:
    """Write a WAV file and return how long it is."""
    path = HERE / f"{name}.wav"
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
    return len(sound) / RATE


MANIFEST_HEAD = """\
# The sounds of Callboard, written by make_sounds.py: 16 kHz, mono, 16 bit. Ours, CC0 (see ../README.md).

# How the numbers from 21 to 99 are put together from files: 23 is number-20, number-3;
# in German number-3, and, number-20 (with number-one for a 1).
[compose]
en = ["number-{tens}", "number-{unit}"]
de = ["number-{unit}", "and", "number-{tens}"]

# How longer phrases are put together; {number} as above, {key} is number-0 to number-9, star or hash.
[phrases]
place = ["you-are-number", "{number}", "in-the-queue"]
callback-offer = ["please-press", "{key}", "to-be-called-back"]
wait-below-a-minute = ["expected-wait", "less-than-a-minute"]
wait-of-a-minute = ["expected-wait", "one-minute"]
wait-of-minutes = ["expected-wait", "{number}", "minutes"]
voicemail = ["voicemail-greeting", "beep"]
"""


def manifest(lines: list[Line]) -> str:
    """Return the manifest as TOML."""
    tables = [
        f'\n[[sound]]\nfile = "{line.file}"\nkind = "{line.kind}"\nlanguage = "{line.language}"\n'
        f'text = "{line.text}"\nseconds = {line.seconds:.2f}\nlicence = "{LICENCE}"\n'
        for line in lines
    ]
    return MANIFEST_HEAD + "".join(tables)


def main() -> int:
    """Make all sounds anew."""
    if shutil.which("espeak-ng") is None:
        print("make_sounds: espeak-ng is missing; on Debian: sudo apt-get install espeak-ng", file=sys.stderr)
        return 1
    lines = [
        Line(
            "hold-music.wav",
            "music",
            "",
            "music for those who wait (loop)",
            write("hold-music", hold_music()),
        )
    ]
    for name, (sound, what) in tones().items():
        lines.append(Line(f"{name}.wav", "tone", "", what, write(name, levelled(sound, TONE_RMS_DB))))
    for language in PROMPTS:
        for name, (sound, text) in prompts(language).items():
            lines.append(Line(f"{name}.wav", "prompt", language or "en", text, write(name, sound)))
    (HERE / "manifest.toml").write_text(manifest(lines))
    print(f"{len(lines)} sounds, {sum(path.stat().st_size for path in HERE.rglob('*.wav')) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
