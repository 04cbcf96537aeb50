"""The secrets that the bot was given, known to one redactor before anything is said."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import SecretStr

from config.service import Service
from config.shipmate import Configuration, Credentials
from guardrails.secrets.names import Suspicion, suspicion
from tools.outlets import RedactingFormatter, learn
from tools.redaction import Redactor, password_in

log = logging.getLogger(__name__)
_LOGIN = re.compile(r"https?://([^/]+)@", re.IGNORECASE)
_USERS = frozenset({"x-access-token", "oauth2"})
"""Stand before a token, and are none."""
_NOTHING_TO_MASK = "nothing to mask."


def of_environment(environ: Mapping[str, str]) -> Redactor:
    """Know what the process environment keeps secret, whatever it is for; nothing is told."""
    redactor = Redactor()
    for name, value in environ.items():
        secret = value if suspicion(name) is Suspicion.STRONG else password_in(value)
        for form in _as_written(secret):
            redactor.register(name, form)
    return redactor


def of_configuration(configuration: Configuration, *, tell: bool = True) -> Redactor:
    """Know the credentials, and what the addresses of repositories carry; tell which of them cannot be masked."""
    redactor = of_credentials(configuration.credentials, tell=tell, spared=names_of(configuration.services))
    for name, part in _in_addresses(configuration.services.values()):
        _told(redactor.register(name, part), tell)
    return redactor


def names_of(services: Mapping[str, Service]) -> set[str]:
    """List what everything speaks of."""
    return {word for one in services.values() for word in (one.service, *one.environments, *one.components)}


def of_credentials(credentials: Credentials, *, tell: bool = True, spared: Collection[str] = ()) -> Redactor:
    """Know every credential; tell which of them cannot be masked."""
    redactor = Redactor(spared)
    for name in Credentials.model_fields:
        value = getattr(credentials, name)
        if isinstance(value, SecretStr):
            for form in _as_written(value.get_secret_value()):
                _told(redactor.register(name.upper(), form), tell)
    return redactor


def keep_out_of_logs(redactor: Redactor) -> None:
    """Let every log line of the process pass the redactor, whoever writes it."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        RedactingFormatter(redactor, logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("agents").setLevel(logging.INFO)
    learn(redactor)


def _as_written(value: str) -> Iterator[str]:
    """Add a key with real line ends, where they are written as two signs."""
    yield value
    if "\\n" in value:
        yield value.replace("\\n", "\n")


def _in_addresses(services: Iterable[Service]) -> Iterator[tuple[str, str]]:
    for service in services:
        found = _LOGIN.match(service.repository.url)
        parts = found[1].split(":") if found else ()
        yield from (("REPOSITORY_URL", part) for part in parts if part not in _USERS)


def _told(refusal: str | None, tell: bool) -> None:
    if tell and refusal and not refusal.endswith(_NOTHING_TO_MASK):
        log.warning("not masked: %s", refusal)
