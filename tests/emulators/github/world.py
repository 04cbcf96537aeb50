"""What GitHub remembers beside git: pull requests, comments, releases, statuses, deployments, checks."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from tests.emulators.github.git import BareGit, FileChange
from tools.clock import Clock

Json = dict[str, Any]


@dataclass(slots=True)
class Pull:
    """A pull request between two branches of one repository."""

    number: int
    title: str
    body: str
    head: str
    base: str
    author: str
    created_at: datetime
    head_sha: str
    """Where the head branch stood last; it may be deleted after the merge."""
    base_sha: str
    state: str = "open"
    merged_at: datetime | None = None
    merge_sha: str | None = None
    labels: list[str] = field(default_factory=list)
    fork: str = ""
    """`owner/name` of the repository that the head is in, where it is another one."""


@dataclass(slots=True)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    issue: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Release:
    """A release; `target` counts only while its tag does not exist."""

    id: int
    tag: str
    target: str
    name: str
    body: str
    author: str
    created_at: datetime
    draft: bool = False
    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status, or the status of a deployment: then `subject` is its id and `context` its environment."""

    id: int
    subject: str
    state: str
    context: str
    description: str
    target_url: str
    creator: str
    created_at: datetime
    environment_url: str = ""


@dataclass(slots=True)
class Deployment:
    """The record of a deployment."""

    id: int
    sha: str
    ref: str
    environment: str
    task: str
    description: str
    payload: Any
    production: bool
    creator: str
    created_at: datetime
    statuses: list[Status] = field(default_factory=list)


@dataclass(slots=True)
class CheckRun:
    """A check; `fields` holds what the app sent (status, conclusion, output, external_id, ...)."""

    id: int
    sha: str
    name: str
    fields: Json
    created_at: datetime
    annotations: list[Json] = field(default_factory=list)
    app: str = "shipmate"
    """Slug of the App that made it."""
    suite: int = 0
    """Runs of one suite supersede each other; those of two stand side by side."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Somebody brought a branch from one commit to another."""

    id: int
    ref: str
    before: str
    after: str
    kind: str
    actor: str
    at: datetime


@dataclass(slots=True)
class CheckSuite:
    """What one App intends to check about a commit."""

    id: int
    sha: str
    app: str
    status: str = "queued"
    conclusion: str | None = None


class Repository:
    """One repository: git on disk, the rest in memory."""

    def __init__(self, full_name: str, directory: Path, clock: Clock, ids: "count[int]") -> None:
        self.full_name = full_name
        self.git = BareGit(directory)
        self.default_branch = "main"
        self.pulls: dict[int, Pull] = {}
        self.comments: dict[int, Comment] = {}
        self.releases: dict[int, Release] = {}
        self.statuses: list[Status] = []
        self.deployments: dict[int, Deployment] = {}
        self.check_runs: dict[int, CheckRun] = {}
        self.check_suites: list[CheckSuite] = []
        self.activities: list[Activity] = []
        """Oldest first."""
        self.activity_readable = True
        self.contexts_required: tuple[str, ...] = ()
        self.checks_writable = True
        """Whether the app may write check runs here."""
        self._clock = clock
        self._ids = ids
        self._numbers = count(1)

    def now(self) -> datetime:
        """Tell the moment, in whole seconds as the API does."""
        return self._clock.now().astimezone(UTC).replace(microsecond=0)

    def new_id(self) -> int:
        """Issue an id that nothing else has."""
        return next(self._ids)

    # what people do

    def opens_pull(
        self, head: str, title: str, body: str = "", *, base: str = "main", author: str = "ana", fork: str = ""
    ) -> Pull:
        """Open a pull request; `fork` is the repository that its branch is in, where it is another one."""
        head_sha, base_sha = self.git.resolve(head), self.git.resolve(base)
        if head_sha is None or base_sha is None:
            raise LookupError(f"There is no branch {head} or {base}")
        pull = Pull(next(self._numbers), title, body, head, base, author, self.now(), head_sha, base_sha, fork=fork)
        self.pulls[pull.number] = pull
        return self.refreshed(pull)

    def merges(self, number: int, message: str = "") -> str:
        """Merge a pull request with a merge commit and return its sha."""
        pull = self.refreshed(self.pulls[number])
        text = message or f"Merge pull request #{number} from {pull.head}\n\n{pull.title}"
        tree = self.git.run("merge-tree", "--write-tree", pull.base_sha, pull.head_sha).splitlines()[0]
        sha = self.git.write_commit(tree, (pull.base_sha, pull.head_sha), text)
        self.git.move(f"refs/heads/{pull.base}", sha, pull.base_sha)
        pull.state, pull.merged_at, pull.merge_sha = "closed", self.now(), sha
        return sha

    def comments_on(self, issue: int, author: str, body: str) -> Comment:
        """Comment on a pull request."""
        now = self.now()
        comment = Comment(self.new_id(), issue, author, body, now, now)
        self.comments[comment.id] = comment
        return comment

    def pushes(self, branch: str, by: str, kind: str = "push") -> None:
        """Note who brought a branch to where it stands; git itself knows nobody."""
        ref = f"refs/heads/{branch}"
        before = next((one.after for one in reversed(self.activities) if one.ref == ref), "0" * 40)
        after = self.git.resolve(ref) or "0" * 40
        self.activities.append(Activity(self.new_id(), ref, before, after, kind, by, self.now()))

    def begins_checks(self, sha: str, app: str = "github-actions") -> CheckSuite:
        """Let an App say that it is going to check a commit."""
        suite = CheckSuite(self.new_id(), sha, app)
        self.check_suites.append(suite)
        return suite

    def checks(
        self, sha: str, name: str, conclusion: str | None, app: str = "github-actions", *, suite: int = 0, **output: str
    ) -> None:
        """Let an App report a check; without a conclusion it is under way."""
        ended = {"status": "completed", "conclusion": conclusion} if conclusion else {"status": "in_progress"}
        fields = {**ended, "output": {"title": None, "summary": None, **output}}
        run = CheckRun(self.new_id(), sha, name, fields, self.now(), app=app, suite=suite)
        self.check_runs[run.id] = run

    # what follows from git

    def refreshed(self, pull: Pull) -> Pull:
        """Let an open pull request follow its branches."""
        if pull.state == "open":
            pull.head_sha = self.git.resolve(pull.head) or pull.head_sha
            pull.base_sha = self.git.resolve(pull.base) or pull.base_sha
            self.git.move(f"refs/pull/{pull.number}/head", pull.head_sha)
        return pull

    def commits_of(self, pull: Pull) -> list[str]:
        """List the commits of a pull request, oldest first."""
        self.refreshed(pull)
        return self.git.log(pull.head_sha, f"^{pull.base_sha}")[::-1]

    def files_of(self, pull: Pull) -> list[FileChange]:
        """List what a pull request changes, seen from where it left the base."""
        self.refreshed(pull)
        start = self.git.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha
        return self.git.changes(start, pull.head_sha)

    def pulls_with(self, sha: str) -> list[Pull]:
        """List the merged pull requests that brought a commit, or else the open ones that hold it."""
        holding = [pull for pull in self.pulls.values() if sha == pull.merge_sha or sha in self.commits_of(pull)]
        return [pull for pull in holding if pull.merged_at] or [pull for pull in holding if pull.state == "open"]

    def page(self, number: int) -> str:
        """Show a pull request and its comments as a person reads them."""
        pull = self.pulls[number]
        state = "merged" if pull.merged_at else pull.state
        parts = [f"#{number} {pull.title} ({state}, {pull.head} -> {pull.base})", pull.body]
        parts += [f"{one.author}:\n{one.body}" for one in self.comments.values() if one.issue == number]
        return "\n\n".join(part for part in parts if part)
