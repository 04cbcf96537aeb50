"""Who types a command at the terminal, and where: the launcher runs from the project's own directory."""

import os
import pwd
from pathlib import Path

from agents.answers import Person
from config.loading import DEFAULT_PATH, config_path


def person() -> Person:
    """Tell who sits at the terminal: the operating system knows, the environment may say anything."""
    number = os.getuid()
    try:
        return Person(f"terminal:{pwd.getpwuid(number).pw_name}")
    except KeyError:
        return Person(f"terminal:{number}")


def config_file() -> Path:
    """Find the bot's file; one that the environment names is seen from where the command was typed."""
    path = config_path(os.environ)
    return path if path == DEFAULT_PATH else from_caller(path)


def from_caller(path: Path) -> Path:
    """See a path from where the command was typed."""
    return Path(os.environ.get("SHIPMATE_CWD", ".")) / path
