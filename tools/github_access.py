"""Who we are on GitHub: the holder of a token, or an App that is installed on repositories."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from github import Auth, Github, GithubIntegration, GithubRetry
from github.Installation import Installation
from github.Requester import Requester

from tools.errors import Denied
from tools.github_refusals import APP, TOKEN, USED, Holder

_ONE_REQUEST_SECONDS = 10
_UNSAID_SECONDS = 20
"""How long to wait where GitHub asks for it and does not say how long."""


@dataclass(frozen=True, slots=True)
class GithubApp:
    """A GitHub App; where `installation` is not given it is found by the repository."""

    id: str
    private_key: str = field(repr=False)
    installation: int | None = None


@dataclass(frozen=True, slots=True)
class GithubAccess:
    """How to reach GitHub. `politeness` keeps the pauses between requests that GitHub asks for."""

    token: str = field(default="", repr=False)
    api_url: str = "https://api.github.com"
    politeness: bool = True
    limit: timedelta = timedelta(seconds=60)
    """For one question, retries and pauses included."""
    longest_wait: timedelta = timedelta(seconds=20)
    """Within that, for one pause that GitHub asks for; a longer one is an error that tells how long."""
    app: GithubApp | None = None
    """Instead of the token."""
    minted: Callable[[str], object] = lambda _token: None
    """Is told every token that GitHub makes for the App, so that none is ever shown."""
    outgoing: Callable[[Any], Any] = lambda body: body
    """What every request's body passes before it is sent."""

    @property
    def holder(self) -> Holder:
        """Tell which variable the access comes from."""
        return APP if self.app else TOKEN


class Connections:
    """The library's clients: one for a token, or one for each installation of an App. For one thread only."""

    def __init__(self, access: GithubAccess) -> None:
        self._access = access
        self._by_installation: dict[int, Github] = {}
        self._installations: dict[str, int] = {}
        self._sole = None if access.app else _guarded(Github(auth=Auth.Token(access.token), **_options(access)), access)

    def to(self, repository: str) -> Github:
        """Give the client that may speak about a repository; empty for one that any will do for."""
        if self._sole:
            return self._sole
        if repository not in self._installations:
            installation = self._installation(repository)
            self._installations[repository] = installation.id
            if installation.id not in self._by_installation:
                self._by_installation[installation.id] = self._connected(installation)
        return self._by_installation[self._installations[repository]]

    def token(self, repository: str) -> str:
        """Give the token that reads a repository now; an App's is renewed when it runs out."""
        auth = self.to(repository).requester.auth
        return auth.token if auth else ""

    def granted(self, repository: str) -> dict[str, str] | None:
        """Tell what the App was granted on a repository; None for a token, which does not say."""
        return dict(self._installation(repository).permissions) if self._access.app else None

    def forget(self) -> None:
        """Ask for installations and permissions anew: somebody may have changed them."""
        self._installations.clear()
        self._by_installation.clear()

    def _installation(self, repository: str) -> Installation:
        integration = GithubIntegration(auth=self._app(), **_options(self._access))
        if self._access.app and self._access.app.installation is not None:
            return integration.get_app_installation(self._access.app.installation)
        if repository:
            owner, _, name = repository.partition("/")
            return integration.get_repo_installation(owner, name)
        return _only(list(integration.get_installations()))

    def _connected(self, installation: Installation) -> Github:
        auth = _Told(self._app(), installation.id, needed(installation.permissions), self._access.minted)
        auth.login = f"{installation.app_slug}[bot]"
        return _guarded(Github(auth=auth, **_options(self._access)), self._access)

    def _app(self) -> Auth.AppAuth:
        app = self._access.app or GithubApp("", "")
        return Auth.AppAuth(app.id, app.private_key)


def _guarded(client: Github, access: GithubAccess) -> Github:
    """Let every body that the client sends pass `outgoing`: all its writes go through one method."""
    requester = client.requester
    send = requester.requestJson

    def discreet(verb: str, url: str, *others: Any, **named: Any) -> Any:
        asked = dict(zip(("parameters", "headers", "input", "cnx"), others, strict=False)) | named
        return send(verb, url, **asked | {"input": access.outgoing(asked.get("input"))})

    requester.requestJson = discreet  # type: ignore[method-assign]
    return client


def app_login(requester: Requester) -> str | None:
    """Tell under which login an App writes; None for the holder of a token."""
    auth = requester.auth
    return auth.login if isinstance(auth, _Told) else None


class _Told(Auth.AppInstallationAuth):
    """The library's own renewal of tokens, with somebody who learns each of them."""

    login = ""

    def __init__(
        self, app: Auth.AppAuth, installation: int, permissions: dict[str, str], minted: Callable[[str], object]
    ) -> None:
        super().__init__(app, installation, permissions)
        self._minted = minted
        self._last = ""

    @property
    def token(self) -> str:
        """Give the token that is valid now."""
        token = super().token
        if token != self._last:
            self._last = token
            self._minted(token)
        return token


def needed(granted: dict[str, Any]) -> dict[str, str]:
    """Keep, of what an installation may do, what Shipmate uses: nobody needs a stronger token than that."""
    return {
        name: "read" if level == "read" or granted[name] == "read" else "write"
        for name, level in USED.items()
        if granted.get(name) in ("read", "write", "admin")
    }


def _only(installations: list[Installation]) -> Installation:
    if len(installations) == 1:
        return installations[0]
    raise Denied(
        f"The GitHub App is installed in {len(installations)} places, and nothing says which one is meant.",
        remedy="Set GITHUB_APP_INSTALLATION to the number at the end of the installation's address.",
    )


def _options(access: GithubAccess) -> dict[str, Any]:
    longest = access.longest_wait.total_seconds()
    return {
        "base_url": access.api_url.rstrip("/"),
        "timeout": _ONE_REQUEST_SECONDS,
        # A POST that is repeated after a lost answer would be there twice.
        "retry": GithubRetry(
            total=2,
            backoff_factor=0.5,
            secondary_rate_wait=_UNSAID_SECONDS,
            max_rate_limit_wait=longest,
            retry_after_max=longest,
            allowed_methods=frozenset({"GET", "HEAD", "PUT", "DELETE"}),
        ),
        "per_page": 100,
        "seconds_between_requests": 0.25 if access.politeness else None,
        "seconds_between_writes": 1.0 if access.politeness else None,
        "api_version": "2022-11-28",
        "lazy": True,
    }
