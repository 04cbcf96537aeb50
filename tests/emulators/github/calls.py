"""One request as a handler sees it, and what a handler may answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulators.github.world import Repository

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request about one repository."""

    repository: Repository
    actor: str
    base_url: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json

    def need(self, *names: str) -> tuple[Any, ...]:
        """Return required fields of the body, or refuse with 422."""
        for name in names:
            if name not in self.body:
                raise Refusal(422, "Validation Failed", [{"code": "missing_field", "field": name}])
        return tuple(self.body[name] for name in names)

    def commit(self, name: str) -> str:
        """Resolve a branch, tag or sha, or refuse."""
        sha = self.repository.git.resolve(name)
        if sha is None:
            raise Refusal(404 if len(name) < 40 else 422, f"No commit found for SHA: {name}")
        return sha


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with a status; a list is cut into pages, the one under `listed` where a body wraps it."""

    body: Any
    status: int = 200
    listed: str | None = None


class Refusal(Exception):
    """An error as the API words it."""

    def __init__(self, status: int, message: str, errors: list[Json] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors or []

    def body(self) -> Json:
        """Give the refusal its JSON shape."""
        body: Json = {
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(self.status),
        }
        return body | ({"errors": self.errors} if self.errors else {})


NOT_FOUND = "Not Found"
Handler = Callable[[Call], Answer]
Route = tuple[str, str, Handler]


def found(value: Any) -> Any:
    """Return a thing, or refuse with 404 where there is none."""
    if value is None:
        raise Refusal(404, NOT_FOUND)
    return value
