"""GitHub asked for news: listings read page by page, each with the ETag of last time.

GitHub answers an unchanged page with 304, which costs nothing of the rate limit.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from github import Github

from tools.errors import Garbled
from tools.git import candidates
from tools.github_client import GithubClient
from tools.github_events import GithubEvent, Published, PullChanged, Pushed, Tagged
from tools.history.deliveries import Listing, Page
from tools.versions import newest_first

Kind = Literal["branches", "tags", "releases", "pulls"]
MOST_PAGES = 100
_UNCHANGED, _ERROR = 304, 400
_STANDING = "It is asked again later; nothing that happens meanwhile is lost."
_PATHS: Mapping[Kind, str] = {
    "branches": "/branches?per_page=100",
    "tags": "/tags?per_page=100",
    "releases": "/releases?per_page=100",
    "pulls": "/pulls?state=open&per_page=100",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a listing: its name, what it stands for now, and what it is news of."""

    name: str
    stands_for: str
    event: GithubEvent


@dataclass(frozen=True, slots=True)
class Read:
    """A listing as it is now; `items` are only those of pages that changed."""

    items: tuple[Item, ...]
    pages: Mapping[str, Page]
    remaining: int | None = None
    """Requests that the rate limit still allows; None where GitHub does not say."""
    limit: int | None = None
    resets_at: datetime | None = None

    def after(self, before: Listing | None) -> Listing:
        """Tell what is known now; what has been seen once stays known, so that nothing is new twice."""
        known = dict(before.known) if before else {}
        return Listing(known | {item.name: item.stands_for for item in self.items}, self.pages)

    def news(self, before: Listing | None) -> tuple[Item, ...]:
        """List what is new, oldest versions first; a listing that is read for the first time holds no news."""
        if before is None:
            return ()
        fresh = {item.name: item for item in self.items if _is_new(item, before.known)}
        return tuple(fresh[name] for name in reversed(newest_first(fresh)))


def _is_new(item: Item, known: Mapping[str, str]) -> bool:
    """Tell news from what is known: a tag or a release only once, a branch or pull request whenever it has moved."""
    once = isinstance(item.event, Tagged | Published)
    return item.name not in known if once else known.get(item.name) != item.stands_for


async def read_listing(client: GithubClient, repository: str, kind: Kind, before: Listing | None) -> Read:
    """Read one listing of `owner/name`, the unchanged pages for nothing."""
    url = f"/repos/{repository}{_PATHS[kind]}"
    known: Mapping[str, Page] = before.pages if before else {}
    pages: dict[str, Page] = {}
    items: list[Item] = []
    headers: Mapping[str, str] = {}
    while url and len(pages) < MOST_PAGES:
        page, found, headers = await _page(client, repository, kind, url, known.get(url))
        pages[url] = page
        items += found
        url = page.following if page.following not in pages else ""
    remaining, limit, reset = (headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit", "reset"))
    return Read(
        items=tuple(items),
        pages=pages,
        remaining=int(remaining) if remaining.isdecimal() else None,
        limit=int(limit) if limit.isdecimal() else None,
        resets_at=datetime.fromtimestamp(int(reset), UTC) if reset.isdecimal() else None,
    )


async def _page(
    client: GithubClient, repository: str, kind: Kind, url: str, before: Page | None
) -> tuple[Page, tuple[Item, ...], Mapping[str, str]]:
    doing = f"Asking for the {kind} of {repository}"

    def question(github: Github) -> tuple[int, Mapping[str, str], str]:
        sent = {"If-None-Match": before.etag} if before and before.etag else {}
        status, headers, body = github.requester.requestJson("GET", url, headers=sent)
        if status >= _ERROR:
            raise github.requester.createException(status, headers, _parsed(body))
        return status, headers, body

    status, headers, body = await client.ask(doing, question, repository, standing=_STANDING)
    if status == _UNCHANGED and before:
        return before, (), headers
    items = _read(doing, kind, repository, _parsed(body))
    return Page(url, headers.get("etag", ""), _following(headers.get("link", ""))), items, headers


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _following(link: str) -> str:
    found = re.search(r'<([^>]+)>;\s*rel="next"', link)
    return found[1] if found else ""


def _read(doing: str, kind: Kind, repository: str, listed: Any) -> tuple[Item, ...]:
    """Read the entries of a page; names that git is never given are left out."""
    entries = listed if isinstance(listed, list) else [listed]  # which is no entry of any listing
    try:
        return tuple(item for entry in entries for item in _ITEMS[kind](repository, entry))
    except (KeyError, TypeError, AttributeError) as error:
        raise Garbled(f"{doing}: GitHub's answer is not of the agreed form.", standing=_STANDING) from error


def _branch(repository: str, entry: Mapping[str, Any]) -> Iterator[Item]:
    name, sha = str(entry["name"]), str(entry["commit"]["sha"])
    if candidates(name):
        yield Item(name, sha, Pushed(repository, name, ""))


def _tag(repository: str, entry: Mapping[str, Any]) -> Iterator[Item]:
    name, sha = str(entry["name"]), str(entry["commit"]["sha"])
    if candidates(name):
        yield Item(name, sha, Tagged(repository, name, ""))


def _release(repository: str, entry: Mapping[str, Any]) -> Iterator[Item]:
    tag, author = str(entry["tag_name"]), entry.get("author") or {}
    if not entry["draft"] and candidates(tag):
        yield Item(str(entry["id"]), tag, Published(repository, tag, str(author.get("login", ""))))


def _pull(repository: str, entry: Mapping[str, Any]) -> Iterator[Item]:
    number = int(entry["number"])
    yield Item(str(number), str(entry["head"]["sha"]), PullChanged(repository, number))


_ITEMS: Mapping[Kind, Callable[[str, Mapping[str, Any]], Iterator[Item]]] = {
    "branches": _branch,
    "tags": _tag,
    "releases": _release,
    "pulls": _pull,
}
