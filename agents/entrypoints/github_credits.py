"""What a release that succeeded still owes to people: notes beside its tag, and a word to whose work runs now."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agents import events
from agents.driver import Equip
from agents.endings import record
from agents.entrypoints.github_mirror import commit_of
from agents.entrypoints.view import ReleaseView
from agents.events import Credited, CreditLine, Published
from agents.toolbox import Toolbox
from agents.words.change import change_facts
from agents.words.facts import ReleaseFacts
from agents.words.release_notes import Notes, release_notes
from config.service import Service
from tools.github import GithubRepository, PullRequest
from tools.github_client import GithubClient
from tools.github_releases import GithubReleases, Shelf
from tools.history import Store
from tools.history.messages import Message

MOST_COMMITS = 60
"""So many commits of a release are looked up at most; each is a question to GitHub."""
NOTES, TOLD = "github:release", "github:credits"
_GITHUB = "github:"


@dataclass(slots=True)
class Credits:
    """Publishes and tells, each once."""

    store: Store
    client: GithubClient
    people: Mapping[str, Sequence[str]]
    equip: Equip

    async def publish(self, view: ReleaseView, service: Service) -> None:
        """Publish the GitHub release of a version, where the service wants that and the version is a tag."""
        release, name = view.release, service.repository.github or ""
        wanted = service.github_release and re.fullmatch(service.version, release.version, re.ASCII)
        if not wanted or await self.store.messages.get(release.id, NOTES):
            return
        tools, releases = await self.equip(release), GithubReleases(self.client, name)
        shelf = await releases.shelf()
        body = "" if release.version in shelf.tags else await self._notes(view, shelf, name, tools)
        published = await releases.publish(release.version, commit_of(view), tools.redactor.outgoing(body))
        event = Published(release.version, published.url, published.reason)
        await record(self.store, release.id, event)
        await self.store.messages.put(release.id, NOTES, Message(name, "", "done"))

    async def tell(self, view: ReleaseView, service: Service) -> None:
        """Tell in the release's thread whose pull requests run now."""
        release, name = view.release, service.repository.github or ""
        analyzed = view.one(events.Analyzed)
        if analyzed is None or await self.store.messages.get(release.id, TOLD):
            return
        brought = await self._brought(name, [commit.sha for commit in analyzed.commits])
        pulls = _distinct(brought)
        if pulls:
            more = max(0, len(analyzed.commits) - MOST_COMMITS)
            await record(self.store, release.id, Credited(tuple(map(self._line, pulls)), more))
        await self.store.messages.put(release.id, TOLD, Message(name, "", "done"))

    async def _notes(self, view: ReleaseView, shelf: Shelf, name: str, tools: Toolbox) -> str:
        commit, version = commit_of(view), view.release.version
        await tools.repository.refresh()
        since, base = await _before(view, shelf, tools)
        facts = ReleaseFacts(to_version=version, to_commit=commit)
        if base:
            facts = replace((await change_facts(tools.repository, base, commit))[0], to_version=version)
        brought = await self._brought(name, [one.sha for one in facts.commits])
        numbers = {sha: pull.number for sha, pull in brought.items()}
        notes = Notes(version, since, shelf.web, facts, _distinct(brought), numbers, _model_words(view))
        return release_notes(notes)

    async def _brought(self, name: str, commits: Iterable[str]) -> dict[str, PullRequest]:
        """Ask GitHub, and not the commits' subjects, which pull request brought each commit."""
        repository = GithubRepository(self.client, name)
        asked = [(sha, await repository.pull_request_of(sha)) for sha in list(commits)[:MOST_COMMITS]]
        return {sha: pull for sha, pull in asked if pull}

    def _line(self, pull: PullRequest) -> CreditLine:
        return CreditLine(pull.number, pull.title, pull.author, person_behind(pull.author, self.people))


def person_behind(login: str, people: Mapping[str, Sequence[str]]) -> str:
    """Find the id by which a GitHub account's human is called; empty where nobody, or more than one, has that login."""
    humans = [ids for ids in people.values() if f"{_GITHUB}{login}".casefold() in map(str.casefold, ids)]
    others = [one for one in humans[0] if not one.startswith(_GITHUB)] if len(humans) == 1 else []
    return others[0] if others else ""


async def _before(view: ReleaseView, shelf: Shelf, tools: Toolbox) -> tuple[str, str]:
    """Find the release before: the newest published one that this one holds, else what ran; its name and commit."""
    commit = commit_of(view)
    for tag in shelf.tags:
        sha = await tools.repository.resolve(tag)
        if tag != view.release.version and sha and not await tools.repository.commits(commit, sha, most=1):
            return tag, sha
    analyzed = view.one(events.Analyzed)
    ran = analyzed.from_commit if analyzed else ""
    if analyzed and ran and await tools.repository.resolve(analyzed.from_version) == ran:
        return analyzed.from_version, ran
    return ran, ran


def _distinct(brought: Mapping[str, PullRequest]) -> tuple[PullRequest, ...]:
    by_number = {pull.number: pull for pull in brought.values()}
    return tuple(by_number[number] for number in sorted(by_number))


def _model_words(view: ReleaseView) -> str:
    planned = view.one(events.Planned)
    said = planned.summary if planned else {}
    return str(said.get("text", "")) if said.get("author") == "model" else ""
