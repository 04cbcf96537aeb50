"""Env files that the bot was given for services: read from its own environment, and kept out of everything it says."""

import logging
import re
from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from agents.discretion import secrets_in, unmaskable
from config.service import Service
from config.targets import ComposeTarget, Target
from tools.env_file import settings_of
from tools.fingerprints import Fingerprints
from tools.given_env import GivenEnv
from tools.redaction import Redactor

log = logging.getLogger(__name__)
_TOKEN = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[\w+/=.~-]{16,}", re.ASCII)
"""What looks like a key, whatever it is called; addresses do not."""


def given_env(target: Target, environ: Mapping[str, str], fingerprints: Fingerprints) -> GivenEnv | None:
    """Read the env file for a target; None where its hosts have their own."""
    if not isinstance(target, ComposeTarget) or target.env_from is None or target.env_file is None:
        return None
    content = environ.get(target.env_from, "")
    return GivenEnv(target.env_from, SecretStr(content) if content.strip() else None, fingerprints)


def hide_given(services: Mapping[str, Service], environ: Mapping[str, str], redactor: Redactor) -> None:
    """Let the bot mask what the given env files keep secret, also before it ever lay on a host; tell what it cannot.

    What only looks like a key is masked as a whole: a piece of it may stand in any text.
    """
    for variable in sorted(_variables(services)):
        text = environ.get(variable, "")
        for name, secret in secrets_in(text):
            redactor.register(name, secret)
        for name, value in _tokens(text):
            redactor.register(name, value, whole=True)
        for name in unmaskable(text):
            log.warning("not masked: %s of %s is too short or too ordinary, use a stronger value", name, variable)


def _variables(services: Mapping[str, Service]) -> set[str]:
    targets = (place.target for service in services.values() for place in service.environments.values())
    return {target.env_from for target in targets if isinstance(target, ComposeTarget) and target.env_from}


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in settings_of(text) if _TOKEN.fullmatch(value))
