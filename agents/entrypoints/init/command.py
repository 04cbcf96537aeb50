"""`init` as people type it: show, write, or propose as a pull request."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from pydantic import SecretStr

from agents.entrypoints.init.filing import Fate, Filed, by_presence, differences, filed, write
from agents.entrypoints.init.found import Found, Origin, Wishes
from agents.entrypoints.init.inspection import inspect
from agents.entrypoints.init.listing import origin_of, read_listing, read_origin
from agents.entrypoints.init.report import files_text, found_text, pull_request_body, unknown_text
from agents.entrypoints.init.service_file import service_file
from agents.entrypoints.init.texts import texts
from config.nearest import did_you_mean
from tools import git
from tools.capture import Ended
from tools.errors import Denied, NotFound, ToolError
from tools.github_client import GithubAccess, GithubClient
from tools.github_proposals import GithubProposals, Proposal
from tools.process import run_bytes

DONE, UNKNOWN = 0, 2
BRANCH = "shipmate/init"
MESSAGE = "Add what a release needs: image, compose file, workflows"


@dataclass(frozen=True, slots=True)
class Order:
    """What was typed."""

    directory: Path
    """The repository, where `url` is not given."""
    url: str | None
    services: Path
    """Directory of the service files of the bot, or the file to write."""
    wishes: Wishes
    write: bool = False
    pull_request: bool = False
    force: bool = False

    @staticmethod
    def name_of(directory: Path) -> str:
        """Name a directory, also where it was typed as `.`."""
        return directory.resolve().name

    def service_path(self, name: str) -> Path:
        """Tell where the service's file belongs."""
        return self.services if self.services.suffix in {".yaml", ".yml"} else self.services / f"{name}.yaml"


async def init(order: Order, access: GithubAccess | None, *, out: TextIO) -> int:
    """Inspect a repository and do what was ordered; 2 where something must be said first.

    `access` is needed for a pull request, and for a private repository elsewhere.
    """
    if order.url is None:
        return await _inspected(order, order.directory, read_origin(order.directory), access, out)
    if order.write:
        raise Denied(
            "A repository at an address has no working copy to write to.",
            remedy="Clone it and name the directory, or use --pull-request.",
        )
    with TemporaryDirectory() as scratch:
        clone = Path(scratch) / (Path(order.url.rstrip("/")).name.removesuffix(".git") or "repository")
        branch = await _clone(order.url, clone, access)
        return await _inspected(order, clone, origin_of(order.url, branch), access, out)


async def _inspected(order: Order, directory: Path, origin: Origin, access: GithubAccess | None, out: TextIO) -> int:
    found = inspect(read_listing(directory), origin, order.name_of(directory), order.wishes)
    names = [one.name for one in found.components]
    strange = [name for name, _ in order.wishes.ports if name and names and name not in names]
    if strange:
        raise NotFound(
            f"There is no component {strange[0]} to give a port to{did_you_mean(strange[0], names)}",
            standing="Nothing was written.",
            remedy="Name a component, as in --port NAME=NUMBER.",
        )
    if found.unknown:
        out.write(found_text(found) + "\n" + unknown_text(found))
        return UNKNOWN
    out.write(found_text(found) + "\n")
    if order.pull_request:
        return await _proposed(order, found, access, out)
    files = [filed(name, directory / name, text, force=order.force) for name, text in texts(found).items()]
    service = _service(order, found, {one.shown for one in files if one.fate is Fate.KEPT})
    return _written(order, [*files, service], out)


def _service(order: Order, found: Found, kept: Collection[str]) -> Filed:
    path = order.service_path(found.name)
    return filed(str(path), path, service_file(found, order.wishes, kept), force=order.force)


def _written(order: Order, files: list[Filed], out: TextIO) -> int:
    out.write(files_text({one.shown: one.fate for one in files}))
    if not order.write:
        out.write("\n" + differences(files))
        out.write("\nNothing was written. --write writes the files, --pull-request proposes them on GitHub.\n")
        return DONE
    write(files)
    kept = [one for one in files if one.fate is Fate.KEPT]
    if kept:
        out.write("\nNot changed, but would be with --force:\n" + differences(kept))
    changed = any(one.fate in {Fate.NEW, Fate.REPLACED} for one in files)
    said = "Written. Read them, then" if changed else "Nothing was written: every file was there already. Next"
    out.write(f"\n{said}: ./shipmate check-config, ./shipmate doctor\n")
    if changed and not order.wishes.approvers:
        out.write(f"Every release is refused until `approvers` in {files[-1].shown} names somebody.\n")
    return DONE


async def _proposed(order: Order, found: Found, access: GithubAccess | None, out: TextIO) -> int:
    client, name = _github(found, access)
    try:
        proposals = GithubProposals(client, name)
        written = texts(found)
        fates = by_presence(written, await proposals.present(written), force=order.force)
        service = _service(order, found, {path for path, fate in fates.items() if fate is Fate.KEPT})
        out.write(files_text({**fates, service.shown: service.fate}))
        if any(fate in {Fate.NEW, Fate.REPLACED} for fate in fates.values()):
            proposed = await proposals.propose(_proposal(found, written, fates, service))
            out.write(f"\nPull request #{proposed.number} {proposed.outcome}: {proposed.url}\n")
        else:
            out.write("\nThe repository has all of it; there is nothing to propose.\n")
    finally:
        client.close()
    write([service])
    out.write(f"The service's file is {service.shown}. Once merged: ./shipmate check-config, ./shipmate doctor\n")
    return DONE


def _github(found: Found, access: GithubAccess | None) -> tuple[GithubClient, str]:
    if found.origin.github is None:
        raise NotFound("The repository has no origin on GitHub.", remedy="Use --write, or --repo with its address.")
    if access is None:
        raise Denied(
            "A pull request needs GITHUB_TOKEN.",
            standing="Nothing was written.",
            remedy="Set it to a token that may write contents, pull requests and workflows of the repository.",
        )
    return GithubClient(access), found.origin.github


def _proposal(found: Found, written: Mapping[str, str], fates: Mapping[str, Fate], service: Filed) -> Proposal:
    chosen = {path: text for path, text in written.items() if fates[path] in {Fate.NEW, Fate.REPLACED}}
    kept = [path for path, fate in fates.items() if fate is Fate.KEPT]
    body = pull_request_body(found, kept, service.place.name)
    return Proposal(BRANCH, chosen, MESSAGE, MESSAGE, body)


async def _clone(url: str, directory: Path, access: GithubAccess | None) -> str:
    """Fetch the newest commit only; returns the branch that it is on."""
    environment = git.environment(url, SecretStr(access.token) if access else None)
    argv = ("git", *git.SETTINGS, "clone", "--quiet", "--depth=1", "--end-of-options", url, str(directory))
    try:
        git.require(await run_bytes(argv, env=environment), f"Cloning {git.shown(url)}", url)
    except ToolError as error:
        error.remedy = "Check the address and the network; a private repository needs GITHUB_TOKEN, or a key for SSH."
        raise
    asked: Ended = await run_bytes(("git", "-C", str(directory), "symbolic-ref", "--short", "HEAD"), env=environment)
    return asked.stdout.decode().strip() or "main"
