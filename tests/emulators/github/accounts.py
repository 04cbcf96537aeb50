"""Who may do what: people with classic or fine-grained tokens, and an App with its installations."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tools.clock import Clock

LONGEST_SIGNATURE = timedelta(minutes=10)
_READING = frozenset({"GET", "HEAD"})
_NEEDED = (
    (re.compile(r"/commits/.+/status(es)?|/statuses/.+"), "statuses"),
    (re.compile(r"/commits/.+/check-(runs|suites)|/check-(runs|suites)\b.*"), "checks"),
    (re.compile(r"/commits/.+/pulls|/(pulls|issues)\b.*"), "pull_requests"),
    (re.compile(r"/deployments\b.*"), "deployments"),
    (re.compile(r"/keys\b.*"), "administration"),
    (re.compile(r"/actions/secrets\b.*"), "secrets"),
    (re.compile(r""), "metadata"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """The holder of a token. `permissions` None: everything; `scopes`: of a classic token."""

    login: str
    permissions: Mapping[str, str] | None = None
    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    repositories: frozenset[str] | None = None
    """None: all."""

    @property
    def is_app(self) -> bool:
        """Tell whether it is an App's token, which is nobody's."""
        return self.login.endswith("[bot]")

    def may(self, method: str, path: str) -> bool:
        """Tell whether the token is strong enough for a request below a repository."""
        permission, level = needed(method, path)
        has = "write" if self.permissions is None else self.permissions.get(permission, "")
        return has in ("write", "admin") or has == level or (permission == "metadata" and level == "read")

    def sees(self, full_name: str) -> bool:
        """Tell whether a repository exists for the token."""
        return self.repositories is None or full_name in self.repositories


def needed(method: str, path: str) -> tuple[str, str]:
    """Name the permission, and its level, that a request below a repository needs."""
    level = "read" if method in _READING else "write"
    return next((name for pattern, name in _NEEDED if pattern.fullmatch(path)), "contents"), level


@dataclass(slots=True)
class Installation:
    """The App on one owner's repositories."""

    id: int
    owner: str
    repositories: frozenset[str]
    permissions: Mapping[str, str]


class App:
    """The GitHub App of the bot; its key is made when somebody asks for it."""

    def __init__(self, clock: Clock, slug: str = "shipmate") -> None:
        self.id = 4711
        self.slug = slug
        self.lifetime = timedelta(hours=1)
        """Of the tokens that are made from now on."""
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Account] = {}
        """All tokens ever made, in order."""
        self._clock = clock
        self._numbers = count(501)

    @cached_property
    def _key(self) -> RSAPrivateKey:
        return generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def private_key(self) -> str:
        """Give the key as GitHub hands it out."""
        form, shape = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
        return self._key.private_bytes(form, shape, serialization.NoEncryption()).decode()

    def installed(self, repositories: Iterable[str], **permissions: str) -> Installation:
        """Be installed on some repositories of one owner."""
        names = frozenset(repositories)
        owner = next(iter(names)).partition("/")[0]
        granted = {"metadata": "read", **permissions}
        one = Installation(next(self._numbers), owner, names, granted)
        self.installations[one.id] = one
        return one

    def signed(self, token: str) -> bool:
        """Tell whether somebody holds our key, and signed a moment ago."""
        try:
            claims = jwt.decode(token, self._key.public_key(), algorithms=["RS256"], issuer=str(self.id))
        except jwt.PyJWTError:
            return False
        return int(claims["exp"]) - int(claims["iat"]) <= LONGEST_SIGNATURE.total_seconds() + 60

    def token(self, installation: Installation, permissions: Mapping[str, str]) -> str:
        """Make a token of an installation, as strong as asked for; nobody gets what was not granted."""
        for name, level in permissions.items():
            if installation.permissions.get(name) not in (level, "write", "admin"):
                raise PermissionError(name)
        token = "_".join(("ghs", secrets.token_hex(18)))
        ends = self._clock.now() + self.lifetime
        granted = permissions or installation.permissions
        self.tokens[token] = Account(f"{self.slug}[bot]", granted, None, ends, installation.repositories)
        return token


@dataclass(slots=True)
class Accounts:
    """Everybody who may speak."""

    clock: Clock
    app: App
    known: dict[str, Account] = field(default_factory=dict)

    def of(self, token: str) -> Account | None:
        """Tell whose a token is; None for one that is unknown or has run out."""
        account = self.known.get(token) or self.app.tokens.get(token)
        over = account is not None and account.expires_at is not None and account.expires_at <= self.clock.now()
        return None if over else account
