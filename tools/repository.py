"""A service's repository: a bare copy on the bot's machine, asked through the git command line.

Names that come from people are checked against a grammar before git sees them, and
no configuration or attribute inside the repository takes part in what is answered.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath

from pydantic import SecretStr

from tools import git
from tools.capture import Ended
from tools.changes import COMMIT_FORMAT, ChangedFile, Commit, read_changes, read_commits, read_names
from tools.errors import Denied, Garbled, NotFound
from tools.process import run_bytes
from tools.versions import newest_first

_REFRESH_TIMEOUT = timedelta(minutes=5)
_TIMEOUT = timedelta(minutes=1)
_LISTING_LIMIT_BYTES = 64 * 1024**2
_FILE_LIMIT_BYTES = 10 * 1024**2
STRANGERS_LIMIT_BYTES = 512 * 1024**2
"""Of one pull request: anybody may open one, and its objects stay on the bot's disk."""
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_FETCH = ("fetch", "--quiet", "--prune", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
_COMPARE = ("diff-tree", "-r", "-M", "--no-color", "--no-ext-diff", "--no-textconv")


class Repository:
    """One repository. `refresh` first; one instance per directory."""

    def __init__(self, url: str, directory: Path, token: Callable[[], Awaitable[SecretStr]] | None = None) -> None:
        self._url = url
        self._directory = directory
        self._token = token
        self._environment = git.environment(url, None)
        self._refreshing = asyncio.Lock()

    async def refresh(self, *further: str) -> None:
        """Bring the copy up to date: branches and tags, moved and deleted ones too, and `further` refspecs of anybody.

        A copy that an earlier crash left broken is thrown away and made again.
        """
        async with self._refreshing:
            fetched = await self._fetch(*_REFS)
            if git.left_broken(fetched):
                await asyncio.to_thread(shutil.rmtree, self._directory)
                fetched = await self._fetch(*_REFS)
            git.require(fetched, f"Fetching {git.shown(self._url)}", self._url)
            if further:
                await self._fetch_from_anybody(*further)

    async def pull_request(self, number: int) -> str | None:
        """Refresh, with one pull request, forks included; its newest commit, None where the remote keeps none."""
        # Of a pattern that matches nothing git does not complain.
        await self.refresh(f"+refs/pull/{number}/*:refs/pull/{number}/*")
        return await self._object(f"refs/pull/{number}/head^{{commit}}")

    async def branch(self, name: str) -> str | None:
        """Tell the newest commit of a branch, whatever else has its name."""
        return await self._object(f"refs/heads/{name}^{{commit}}") if "\n" not in name else None

    async def merge_base(self, one: str, other: str) -> str | None:
        """Tell where two commits parted; None where their histories have nothing in common."""
        commits = [await self._commit(name) for name in (one, other)]
        ended = await run_bytes(self._argv("merge-base", *commits), env=self._environment, timeout=_TIMEOUT)
        return ended.stdout.decode().strip() or None if ended.exit_code in (0, 1) else None

    async def resolve(self, ref: str) -> str | None:
        """Tell the commit that a tag, a branch or a (shortened) sha stands for, in this order."""
        candidates = git.candidates(ref)
        if not candidates:
            return None
        return await self._object(*(f"{candidate}^{{commit}}" for candidate in candidates))

    async def tags(self, pattern: str) -> tuple[str, ...]:
        """List the tags whose whole name matches the pattern, the newest version first."""
        names = await self._text("for-each-ref", "--format=%(refname:strip=2)", "refs/tags")
        return newest_first(name for name in names.splitlines() if re.fullmatch(pattern, name, re.ASCII))

    async def changed_files(self, base: str | None, head: str) -> tuple[ChangedFile, ...]:
        """List every file that differs between two commits, without a cap; without a base, all files as added."""
        return read_changes(await self._compared(base, head, "-z", "--raw", "--numstat"))

    async def diff(self, base: str | None, head: str, paths: Sequence[str] = ()) -> str:
        """Show the difference of two commits as a unified diff, of the given paths only where there are any."""
        return await self._compared(base, head, "--patch", paths=paths)

    async def commits(self, base: str | None, head: str, most: int = 1000) -> tuple[Commit, ...]:
        """List the commits in `head` that are not in `base`, newest first, at most `most` of them."""
        newer = await self._commit(head)
        excluded = (f"^{await self._commit(base)}",) if base else ()
        options = ("-z", f"--format={COMMIT_FORMAT}", f"--max-count={most}")
        return read_commits(await self._text("log", *options, "--end-of-options", newer, *excluded, "--"))

    async def read(self, commit: str, path: str | PurePosixPath) -> bytes | None:
        """Give one file of a commit, links inside the repository followed; None where there is no such file."""
        inside = PurePosixPath(path)
        if inside.is_absolute() or ".." in inside.parts or "\n" in str(inside):
            return None
        asked = f"{await self._commit(commit)}:{inside}\n".encode()
        answer = await self._run(
            "cat-file", "--batch", "--follow-symlinks", stdin=asked, output_limit_bytes=_FILE_LIMIT_BYTES
        )
        header, _, content = answer.stdout.partition(b"\n")
        found = re.fullmatch(rb"[0-9a-f]{40,64} blob (\d+)", header)
        return content[: int(found[1])] if found else None

    async def texts(
        self, commit: str, paths: Iterable[str], largest_bytes: int = _FILE_LIMIT_BYTES
    ) -> Mapping[str, bytes]:
        """Give the named files of a commit, where they are there and not too large; a link gives its target."""
        revision = await self._commit(commit)
        sizes = await self.sizes(revision, paths)
        small = [path for path, size in sizes.items() if size <= largest_bytes]
        found: dict[str, bytes] = {}
        for batch in _batches(small, sizes):
            asked = "".join(f"{revision}:{path}\n" for path in batch).encode()
            answer = await self._run("cat-file", "--batch", stdin=asked)
            found |= _blobs(batch, answer.stdout)
        return found

    async def sizes(self, commit: str, paths: Iterable[str]) -> Mapping[str, int]:
        """Tell the size in bytes of the named files of a commit, where they are there."""
        wanted = [path for path in dict.fromkeys(paths) if "\n" not in path]
        revision = await self._commit(commit)
        asked = "".join(f"{revision}:{path}\n" for path in wanted).encode()
        told = (await self._text("cat-file", "--batch-check", stdin=asked)).split("\n")[:-1]
        return {
            path: int(found[1])
            for path, line in zip(wanted, told, strict=True)
            if (found := re.fullmatch(r"[0-9a-f]{40,64} blob (\d+)", line))
        }

    async def files(self, commit: str) -> tuple[str, ...]:
        """List all files of a commit."""
        options = ("-r", "-z", "--name-only", "--full-tree")
        return read_names(await self._text("ls-tree", *options, await self._commit(commit)))

    async def export(self, commit: str, directory: Path) -> None:
        """Replace a directory by the files of a commit, as a checkout makes them, without `.git`."""
        sha = await self._commit(commit)
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=directory.parent) as scratch:
            tree = Path(scratch) / "tree"
            tree.mkdir()
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            await self._run("read-tree", sha, environment=index)
            await self._run(f"--work-tree={tree}", "checkout-index", "--all", "--quiet", environment=index)
            await asyncio.to_thread(_replace, directory, tree)

    async def _object(self, *names: str) -> str | None:
        """Tell the sha of the first name that stands for a commit."""
        answers = await self._text("cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in names).encode())
        found = (re.fullmatch(r"([0-9a-f]{40,64}) commit \d+", line) for line in answers.splitlines())
        return next((answer[1] for answer in found if answer), None)

    async def _fetch_from_anybody(self, *refspecs: str) -> None:
        """Fetch what strangers may have written: one pack, which the kernel lets grow only so far."""
        blocks = STRANGERS_LIMIT_BYTES // 512
        limited = ("sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh")
        try:
            fetched = await self._fetch(*refspecs, under=limited)
        finally:
            await asyncio.to_thread(_clear, self._directory / "objects/pack")
        doing = f"Fetching {', '.join(refspecs)} of {git.shown(self._url)}"
        if b"index-pack" in fetched.stderr and fetched.exit_code:
            raise Denied(
                f"{doing} was stopped: more than {STRANGERS_LIMIT_BYTES // 1024**2} MB, or a broken answer.",
                standing="Nothing of it was kept.",
                remedy="Look at what the pull request adds; large files do not belong into a repository.",
            )
        git.require(fetched, doing, self._url)

    async def _fetch(self, *refspecs: str, under: tuple[str, ...] = ()) -> Ended:
        made = ("git", "init", "--quiet", "--bare", "--template=", str(self._directory))
        await run_bytes(made, env=self._environment, timeout=_TIMEOUT)
        # As a pack however few the objects are: each that is unpacked would have the limit for itself.
        settings = ("-c", "fetch.unpackLimit=1") if under else ()
        argv = (*under, *self._argv(*settings, *_FETCH, "--end-of-options", git.address(self._url), *refspecs))
        token = await self._token() if self._token else None  # an App's token lives for an hour
        return await run_bytes(argv, env=git.environment(self._url, token), timeout=_REFRESH_TIMEOUT)

    async def _compared(self, base: str | None, head: str, *options: str, paths: Sequence[str] = ()) -> str:
        newer = await self._commit(head)
        empty = (await self._text("hash-object", "-t", "tree", "--stdin")).strip()
        older = await self._commit(base) if base else empty
        argv = (*_COMPARE, *options, "--end-of-options", older, newer, "--", *paths)
        return await self._text(*argv, environment={"GIT_ATTR_SOURCE": empty})

    async def _commit(self, ref: str) -> str:
        sha = ref if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", ref) else await self.resolve(ref)
        if sha is None:
            raise NotFound(
                f"There is no version {ref!r} in {git.shown(self._url)}.",
                remedy="Check the spelling, or push the tag and try again.",
            )
        return sha

    async def _text(
        self, *arguments: str, stdin: bytes | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        return (await self._run(*arguments, stdin=stdin, environment=environment)).stdout.decode(errors="replace")

    async def _run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        output_limit_bytes: int = _LISTING_LIMIT_BYTES,
    ) -> Ended:
        ended = await run_bytes(
            self._argv(*arguments),
            env={**self._environment, **(environment or {})},
            stdin=stdin,
            timeout=_TIMEOUT,
            output_limit_bytes=output_limit_bytes,
        )
        doing = f"git {next((a for a in arguments if not a.startswith('-')), '')} in {git.shown(self._url)}"
        git.require(ended, doing, self._url)
        if ended.cut:
            raise Garbled(
                f"{doing} answered more than {output_limit_bytes // 1024**2} MB.",
                standing="Nothing was decided from a part of the answer.",
            )
        return ended

    def _argv(self, *arguments: str) -> tuple[str, ...]:
        return ("git", f"--git-dir={self._directory}", "--literal-pathspecs", *git.SETTINGS, *arguments)


def _clear(packs: Path) -> None:
    """Delete what a fetch that was stopped had received by then; git itself leaves it there."""
    for left in packs.glob("tmp_*"):
        left.unlink(missing_ok=True)


def _batches(paths: Iterable[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Cut a list of files into pieces whose contents may be held at once."""
    batch: list[str] = []
    held = 0
    for path in paths:
        if batch and held + sizes[path] > _LISTING_LIMIT_BYTES // 2:
            yield batch
            batch, held = [], 0
        batch.append(path)
        held += sizes[path]
    if batch:
        yield batch


def _blobs(paths: Iterable[str], answer: bytes) -> Mapping[str, bytes]:
    """Read what `cat-file --batch` prints: a line with the size, then the content, for each path in turn."""
    found: dict[str, bytes] = {}
    at = 0
    for path in paths:
        header, _, _ = answer[at : at + 200].partition(b"\n")
        size = int(header.split()[2])
        start = at + len(header) + 1
        found[path] = answer[start : start + size]
        at = start + size + 1
    return found


def _replace(directory: Path, tree: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)
    tree.rename(directory)
