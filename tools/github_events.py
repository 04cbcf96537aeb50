"""What GitHub's webhooks tell: whether a delivery is signed, and the little of it that is believed. Pure.

A payload only says *where* something happened. Names must match their grammar as a
whole; commits and checks are looked up where they lie.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, TypeAdapter, ValidationError

from tools.git import candidates

FORM = "application/x-www-form-urlencoded"
_BRANCH, _TAG = "refs/heads/", "refs/tags/"
_AGAIN = "rerequested"
_SUMMARISED = frozenset({"opened", "synchronize", "reopened", "edited", "ready_for_review"})


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch has new commits."""

    KIND: ClassVar[str] = "pushed"
    repository: str
    """`owner/name`."""
    branch: str
    by: str
    """Login of whoever pushed; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag is new."""

    KIND: ClassVar[str] = "tagged"
    repository: str
    tag: str
    by: str


@dataclass(frozen=True, slots=True)
class Published:
    """A GitHub release of a tag was published."""

    KIND: ClassVar[str] = "published"
    repository: str
    tag: str
    by: str


@dataclass(frozen=True, slots=True)
class PullChanged:
    """A pull request was opened, or is another one now."""

    KIND: ClassVar[str] = "pull-changed"
    repository: str
    number: int


@dataclass(frozen=True, slots=True)
class ChecksEnded:
    """A suite of checks of a commit has ended; how, GitHub is asked."""

    KIND: ClassVar[str] = "checks-ended"
    repository: str
    commit: str


@dataclass(frozen=True, slots=True)
class Rerequested:
    """Somebody who may write asked on GitHub for our checks of a commit again; only the App that made them is told."""

    KIND: ClassVar[str] = "rerequested"
    repository: str
    commit: str


GithubEvent = Pushed | Tagged | Published | PullChanged | ChecksEnded | Rerequested


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A delivery that means nothing to a release crew."""

    reason: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A delivery that is not what GitHub sends."""

    reason: str


_KINDS: Mapping[str, TypeAdapter[GithubEvent]] = {kind.KIND: TypeAdapter(kind) for kind in GithubEvent.__args__}


def dump(event: GithubEvent) -> dict[str, Any]:
    """Write an event as plain JSON values."""
    return {"kind": event.KIND, **_KINDS[event.KIND].dump_python(event, mode="json")}


def load(body: Mapping[str, Any]) -> GithubEvent:
    """Read back what `dump` wrote."""
    return _KINDS[body["kind"]].validate_python({name: value for name, value in body.items() if name != "kind"})


def signature(secret: SecretStr, body: bytes) -> str:
    """Sign a body as GitHub does in `X-Hub-Signature-256`."""
    return f"sha256={hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()}"


def is_signed(secret: SecretStr, body: bytes, header: str) -> bool:
    """Tell whether a body was signed with the secret, in a time that says nothing about how nearly it was."""
    return hmac.compare_digest(signature(secret, body).encode(), header.encode(errors="replace"))


def read(event: str, content_type: str, body: bytes) -> GithubEvent | Unwanted | Malformed:
    """Read a delivery; of anything but its few names nothing is kept."""
    reader = _READERS.get(event)
    if reader is None:
        return Unwanted(f"{event[:60]} is no event that releases anything.")
    if content_type == FORM:
        fields = parse_qs(body.decode("ascii", "replace"), errors="replace")
        body = next(iter(fields.get("payload", [])), "").encode()
    try:
        return reader(body)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        return Malformed(f"This is no payload of {event}: {place or 'the body'} is missing or not what it should be.")


Sha = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?$")]
FullName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
RefName = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore", strict=True)


class _Repository(_Payload):
    full_name: FullName


class _Person(_Payload):
    login: Login


class _Delivery(_Payload):
    repository: _Repository
    sender: _Person | None = None

    @property
    def by(self) -> str:
        return self.sender.login if self.sender else ""


class _Push(_Delivery):
    ref: RefName
    deleted: bool = False


class _Create(_Delivery):
    ref: RefName
    ref_type: str


class _Release(_Payload):
    tag_name: RefName
    draft: bool


class _ReleaseDelivery(_Delivery):
    action: str
    release: _Release


class _PullRequest(_Delivery):
    action: str
    number: int = Field(ge=1, le=2**31)


class _CheckSuite(_Payload):
    head_sha: Sha


class _CheckSuiteDelivery(_Delivery):
    action: str
    check_suite: _CheckSuite


class _CheckRunDelivery(_Delivery):
    action: str
    check_run: _CheckSuite


def _push(body: bytes) -> GithubEvent | Unwanted:
    told = _Push.model_validate_json(body)
    if told.deleted:
        return Unwanted("Something was deleted; that releases nothing.")
    if told.ref.startswith(_TAG):
        return _tagged(told, told.ref.removeprefix(_TAG))
    branch = told.ref.removeprefix(_BRANCH)
    if branch == told.ref or not candidates(branch):
        return _strange()
    return Pushed(told.repository.full_name, branch, told.by)


def _create(body: bytes) -> GithubEvent | Unwanted:
    told = _Create.model_validate_json(body)
    if told.ref_type != "tag":
        return Unwanted("A new branch is told by its push.")
    return _tagged(told, told.ref)


def _tagged(told: _Delivery, tag: str) -> GithubEvent | Unwanted:
    return Tagged(told.repository.full_name, tag, told.by) if candidates(tag) else _strange()


def _release(body: bytes) -> GithubEvent | Unwanted:
    told = _ReleaseDelivery.model_validate_json(body)
    if told.action != "published" or told.release.draft:
        return Unwanted("Only a release that is published counts.")
    tag = told.release.tag_name
    return Published(told.repository.full_name, tag, told.by) if candidates(tag) else _strange()


def _pull_request(body: bytes) -> GithubEvent | Unwanted:
    told = _PullRequest.model_validate_json(body)
    if told.action not in _SUMMARISED:
        return Unwanted("Nothing that changes what the pull request would bring.")
    return PullChanged(told.repository.full_name, told.number)


def _check_suite(body: bytes) -> GithubEvent | Unwanted:
    told = _CheckSuiteDelivery.model_validate_json(body)
    if told.action == _AGAIN:
        return Rerequested(told.repository.full_name, told.check_suite.head_sha)
    if told.action != "completed":
        return Unwanted("Only the end of a check suite counts.")
    return ChecksEnded(told.repository.full_name, told.check_suite.head_sha)


def _check_run(body: bytes) -> GithubEvent | Unwanted:
    told = _CheckRunDelivery.model_validate_json(body)
    if told.action != _AGAIN:
        return Unwanted("Of a single check run only the wish to repeat it counts.")
    return Rerequested(told.repository.full_name, told.check_run.head_sha)


def _ping(body: bytes) -> Unwanted:
    _Payload.model_validate_json(body)
    return Unwanted("pong: the webhook arrives and its signature is right.")


def _strange() -> Unwanted:
    return Unwanted("It is about a name that is never given to git.")


_READERS: Mapping[str, Callable[[bytes], GithubEvent | Unwanted]] = {
    "push": _push,
    "create": _create,
    "release": _release,
    "pull_request": _pull_request,
    "check_suite": _check_suite,
    "check_run": _check_run,
    "ping": _ping,
}
