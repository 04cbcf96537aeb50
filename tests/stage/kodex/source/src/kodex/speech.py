"""Text to speech: one tone for each letter, written as WAV and packed by ffmpeg."""

import hashlib
import math
import subprocess
import wave
from pathlib import Path

RATE = 8000
SAMPLES = 80


class Speech:
    """Sound files in one directory, one for each text."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory

    def speak(self, text: str) -> str:
        """Return the file's name; a text that was spoken before is not spoken again."""
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        packed = self._directory / f"{name}.mp3"
        if not packed.exists():
            sound = self._directory / f"{name}.wav"
            _write(sound, text)
            subprocess.run(("ffmpeg", "-y", "-loglevel", "error", "-i", sound, packed), check=True, timeout=10)
            sound.unlink()
        packed.touch()  # what was asked for lately is cleared away last
        return packed.name


def _write(file: Path, text: str) -> None:
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        for letter in text:
            pitch = 2 * math.pi * (200 + ord(letter) % 400) / RATE
            sound.writeframes(bytes(int(127 + 100 * math.sin(pitch * n)) for n in range(SAMPLES)))
