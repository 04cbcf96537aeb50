"""The command line, with the same words as in Slack. Exit codes: 0 done, 1 no, 2 wrong input, 3 waits for approval."""

import argparse
import asyncio
import json
import os
import pwd
import sys
import uuid
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.answers import Origin, Person
from agents.entrypoints.audit_arguments import describe as describe_audit
from agents.entrypoints.host_arguments import describe_host
from agents.entrypoints.init.arguments import describe as describe_init
from agents.entrypoints.init.arguments import wishes_of
from agents.entrypoints.release_arguments import describe as describe_extents
from agents.entrypoints.release_arguments import options_last
from config.faults import ConfigFaults
from config.loading import DEFAULT_PATH, config_path, load
from config.nearest import did_you_mean
from config.shipmate import Configuration
from tools.errors import NotFound, ToolError

if TYPE_CHECKING:  # what only some commands need is imported where they run
    from agents.entrypoints.commands import Command, Misread

DONE, NO, WRONG = 0, 1, 2
INTERRUPTED, UNREAD = 130, 141
"""Ended by Ctrl-C, or by a reader such as `head` that wanted no more: 128 and the signal, as shells tell it."""
SPOKEN = {
    "deploy": "SERVICE VERSION [to ENV]: plan, ask, deploy, verify; or a part of it, by an option",
    "break-glass": "SERVICE VERSION [to ENV] REASON: release in an emergency without asking; a review is owed for it",
    "review": "SERVICE [ENV] NOTE: review what was released without an approval",
    "rollback": "SERVICE [to VERSION] [in ENV]: put a former version back",
    "approve": "SERVICE [ENV [DIGEST]]: let the waiting plan through",
    "reject": "SERVICE [ENV] [REASON]: refuse the waiting plan",
    "cancel": "SERVICE [ENV]: stop a release at its next safe point",
    "takeover": "SERVICE [ENV]: cut off a release that hangs, and put back what it moved",
    "lock": "SERVICE [ENV] REASON [for 2h]: take no releases for a while",
    "unlock": "SERVICE [ENV]: let a locked target take releases again",
    "acknowledge": "SERVICE [ENV]: say that you take care of what locked it, and end the reminders",
    "status": "[SERVICE [ENV]]: what runs where, and what is under way",
    "history": "[SERVICE [ENV]]: the last releases",
    "stats": "[SERVICE]: how releases ended",
    "report": "[SERVICE [ENV]]: all three of them",
}
"""What is also understood in Slack, with the same words."""
LAUNCHED = {
    "demo": "play a whole day of releases on this machine",
    "test": "prove everything",
    "bench": "measure",
    "eval": "summaries: score what is written about changes",
}
"""Commands that the launcher runs itself."""
COMMANDS = (
    *SPOKEN,
    *LAUNCHED,
    "serve",
    "export",
    "audit",
    "restore",
    "host",
    "guard",
    "summary",
    "check-config",
    "doctor",
    "init",
    "help",
)
GUARDS = ("secrets", "commit", "volumes", "dockerfile")
READ = frozenset({"status", "history", "stats", "report"})
"""What only reads: the answer may be JSON, and no crew is needed."""
FOLLOWED = frozenset({"deploy", "break-glass", "rollback", "approve"})
LEFT = "Left. A release that had begun goes on: now where the bot runs, else at its next start. See ./shipmate status."
Run = Callable[[argparse.Namespace, Configuration], Coroutine[Any, Any, int]]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    described = parser()
    if not arguments or arguments[0] == "help":
        described.print_help()
        return DONE if arguments else WRONG
    wrong = _unknown(arguments[0]) or _unknown_guard(arguments)
    if wrong:
        print(wrong, file=sys.stderr)
        return WRONG
    wanted, strange = described.parse_known_args(options_last(arguments))
    if strange:  # told with the usage of the command itself, not of all of them
        wanted.described.error(f"unrecognized arguments: {' '.join(strange)}")
    return _done(wanted)


def _done(wanted: argparse.Namespace) -> int:
    try:
        code = int(wanted.run(wanted))
        sys.stdout.flush()
    except ToolError as error:
        told = str(error) if error.remedy else f"{str(error).removesuffix('.')}. {error.usual}".replace("?.", "?")
        return _failed(told, as_json=getattr(wanted, "json", False))
    except ConfigFaults as error:
        return _failed(str(error), as_json=getattr(wanted, "json", False))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written has no reader
        return UNREAD
    except KeyboardInterrupt:
        if getattr(wanted, "verb", "") in FOLLOWED:
            print(LEFT, file=sys.stderr)
        return INTERRUPTED
    return code


def _failed(error: str, *, as_json: bool) -> int:
    """Tell what could not be done: a person on stderr, a program in the answer it waits for."""
    if as_json:
        print(json.dumps({"error": error}))
    else:
        print(error, file=sys.stderr)
    return WRONG


def parser() -> argparse.ArgumentParser:
    """Describe every command."""
    top = argparse.ArgumentParser(prog="./shipmate", description="A release crew that lives in Slack.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "serve", "listen in Slack and carry out releases", _configured(_serve))
    for verb, text in SPOKEN.items():
        spoken = _add(commands, verb, text, _configured(_speak))
        spoken.add_argument("words", nargs="*", metavar="WORD", help="as after the Slack command")
        if verb in READ:
            spoken.add_argument("--json", action="store_true", help="print JSON")
        if verb == "deploy":
            describe_extents(spoken)
        spoken.set_defaults(verb=verb)
    exported = _add(commands, "export", "print the history as JSON", _configured(_export))
    exported.add_argument("service", nargs="?")
    describe_audit(_add(commands, "audit", "list what was asked, decided, refused and done, or prove it", _audit))
    _add_guards(commands)
    _add_restore(commands)
    describe_host(_add(commands, "host", "set a host up for rolling releases", _configured(_host)))
    _add_summary(commands)
    describe_init(_add(commands, "init", "write what a release of a repository needs", _init))
    _add(commands, "check-config", "load the configuration and tell every fault", _check_config)
    _add(commands, "doctor", "tell what is missing and how to get it", _doctor).add_argument(
        "--json", action="store_true"
    )
    for name, text in LAUNCHED.items():
        _add(commands, name, text, lambda _: WRONG)
    return top


def _unknown(word: str) -> str:
    """Object to a word that is no command; empty for commands and options."""
    if word in COMMANDS or word.startswith("-"):
        return ""
    told = f"There is no command '{word}'{did_you_mean(word, COMMANDS)}"
    return f"{told}{'' if told.endswith('?') else '.'} `./shipmate help` lists them."


def _unknown_guard(arguments: Sequence[str]) -> str:
    """Object to a word that is no guardrail; empty for guardrails, options and other commands."""
    command, word, *_ = (*arguments, "-")
    if command != "guard" or word in GUARDS or word.startswith("-"):
        return ""
    told = f"There is no guardrail '{word}'{did_you_mean(word, GUARDS)}"
    return f"{told}{'' if told.endswith('?') else '.'} `./shipmate guard --help` tells what each is for."


def _add_guards(commands: Any) -> None:
    guards = commands.add_parser("guard", help="run one guardrail on its own").add_subparsers(
        required=True, metavar="GUARDRAIL"
    )
    secrets = _add(guards, "secrets", "look for hardcoded secrets", _guard_secrets)
    secrets.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    secrets.add_argument("--service", help="whose `allowed_secrets` count; the directories are checkouts of it")
    secrets.add_argument("--json", action="store_true")
    commit = _add(guards, "commit", "judge what is staged, for git's pre-commit hook", _guard_commit)
    commit.add_argument("--json", action="store_true")
    volumes = _add(guards, "volumes", "judge the storage of a compose file", _configured(_guard_volumes))
    volumes.add_argument("service")
    volumes.add_argument("--environment")
    volumes.add_argument("--file", type=Path, help="the compose file; the newest version's where absent")
    volumes.add_argument("--json", action="store_true")
    images = _add(guards, "dockerfile", "judge what images are built from", _configured(_guard_dockerfile))
    images.add_argument("service")
    images.add_argument("--path", type=Path, default=Path(), help="a checkout of the service; here where absent")
    images.add_argument("--json", action="store_true")


def _add_restore(commands: Any) -> None:
    restored = _add(commands, "restore", "list backups of a service's data, or put one back", _configured(_restore))
    restored.add_argument("service")
    restored.add_argument("environment", nargs="?", help="the service's default environment where absent")
    restored.add_argument("backup", nargs="?", help="its name; without one they are listed")
    restored.add_argument("--host", help="only there; everywhere where absent")


def _add_summary(commands: Any) -> None:
    summary = _add(commands, "summary", "describe a range of commits, or a pull request", _summary)
    summary.add_argument("--repo", type=Path, metavar="PATH")
    summary.add_argument("--base", metavar="REF")
    summary.add_argument("--head", metavar="REF")
    summary.add_argument("--pull", type=int, metavar="NUMBER", help="of the service's repository; nothing is written")
    summary.add_argument("--service")
    summary.add_argument("--json", action="store_true")


def _add(commands: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run, described=command)
    return command


def _configured(run: Run) -> Callable[[argparse.Namespace], int]:
    """Load the configuration first, then run in a loop."""

    def configured(wanted: argparse.Namespace) -> int:
        configuration = load(_config_file(), os.environ)
        return asyncio.run(run(wanted, configuration))

    return configured


async def _serve(_: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.serve import serve

    return await serve(configuration, sys.stdout)


async def _speak(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints import door
    from agents.entrypoints.commands import Catalog, Misread, parse
    from agents.entrypoints.github_feed import mirrored_on_github
    from agents.entrypoints.terminal import follow
    from agents.entrypoints.wiring import reachable_crew, reading_crew

    typed = " ".join(filter(None, (wanted.verb, *wanted.words, getattr(wanted, "extent", None))))
    command = parse(typed, Catalog.of(configuration.services, "./shipmate"))
    if wanted.verb in READ and wanted.json:
        return await _as_json(wanted.verb, command, configuration)
    calls_nobody = wanted.verb in READ or isinstance(command, Misread)
    needed = wanted.verb in READ and not isinstance(command, Misread)
    reached = reading_crew(configuration, needed=needed) if calls_nobody else reachable_crew(configuration)
    async with reached as crew:
        key = f"terminal/{uuid.uuid4()}"
        reply = await door.answer(command, person(), Origin(), crew, configuration, key)
        print(reply.text)
        if reply.release and wanted.verb in FOLLOWED:
            async with mirrored_on_github(crew, configuration):
                return await follow(crew, reply.release, sys.stdout)
    return WRONG if isinstance(command, Misread) else DONE if reply.done else NO


def person() -> Person:
    """Tell who sits at the terminal: the operating system knows, the environment may say anything."""
    number = os.getuid()
    try:
        return Person(f"terminal:{pwd.getpwuid(number).pw_name}")
    except KeyError:
        return Person(f"terminal:{number}")


async def _as_json(verb: str, command: "Command | Misread", configuration: Configuration) -> int:
    from agents.entrypoints.commands import Misread
    from agents.entrypoints.replies import misread
    from agents.entrypoints.standing import document
    from agents.entrypoints.voice import terminal_voice
    from agents.entrypoints.wiring import opened_store

    if isinstance(command, Misread):
        return _failed(misread(command, terminal_voice()), as_json=True)
    service, environment = getattr(command, "service", None), getattr(command, "environment", None)
    async with opened_store(configuration) as store:
        freezes = configuration.shipmate.freezes
        told = await document(verb, store, configuration.services, service, environment, freezes)
    print(json.dumps(told, indent=2))
    return DONE


async def _export(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.export import export
    from agents.entrypoints.wiring import opened_store

    async with opened_store(configuration) as store:
        told = await export(store, wanted.service)
    strange = wanted.service not in (None, *configuration.services)
    if strange and not told["pipelines"] and not told["rollback_registry"]["services"]:
        raise NotFound(f"There is no service {wanted.service}{did_you_mean(wanted.service, configuration.services)}")
    print(json.dumps(told, indent=2))
    return DONE


def _audit(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.audit_arguments import misuse

    wrong = misuse(wanted)
    if wrong:
        print(wrong, file=sys.stderr)
        return WRONG
    return _configured(_audited)(wanted)


async def _audited(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.audit import accepted, listed, verified
    from agents.entrypoints.audit_arguments import ACCEPT, VERIFY
    from agents.entrypoints.wiring import Databases, opened_store

    async with opened_store(configuration) as store:
        if wanted.what == VERIFY:
            return await verified(store, wanted, Databases.of(configuration).path, sys.stdout)
        if wanted.what == ACCEPT:
            return await accepted(store, person().id, wanted.reason, sys.stdout)
        return await listed(store, configuration.services, wanted, sys.stdout)


def _guard_secrets(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.guard import Exceptions, guard_secrets

    exceptions = None
    if wanted.service:
        services = load(_config_file(), os.environ).services
        if wanted.service not in services:
            raise NotFound(f"There is no service {wanted.service}{did_you_mean(wanted.service, services)}")
        exceptions = Exceptions(services[wanted.service].allowed_secrets, datetime.now(UTC).date())
    paths = [_from_caller(path) for path in wanted.paths]
    base = Path(os.environ.get("SHIPMATE_CWD", ".")).absolute()
    return guard_secrets(paths, as_json=wanted.json, out=sys.stdout, exceptions=exceptions, base=base)


def _guard_commit(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.guard_commit import guard_commit

    return guard_commit(_from_caller(Path()), as_json=wanted.json, out=sys.stdout)


async def _guard_volumes(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.guard_volumes import guard_service

    file = _from_caller(wanted.file) if wanted.file else None
    return await guard_service(
        configuration, wanted.service, wanted.environment, file, as_json=wanted.json, out=sys.stdout
    )


async def _guard_dockerfile(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.guard_dockerfile import guard_dockerfile

    path = _from_caller(wanted.path)
    return guard_dockerfile(configuration, wanted.service, path, as_json=wanted.json, out=sys.stdout)


async def _host(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.host_setup import set_up

    return await set_up(configuration, wanted.service, wanted.environment, dry_run=wanted.dry_run, out=sys.stdout)


def _summary(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.summarise import pull_summary, summary
    from agents.entrypoints.wiring import narrator_of

    if wanted.pull and wanted.service:
        configuration = load(_config_file(), os.environ)
        described = pull_summary(configuration, wanted.service, wanted.pull, as_json=wanted.json, out=sys.stdout)
        return asyncio.run(described)
    if not (wanted.repo and wanted.base and wanted.head):
        print("Name --repo, --base and --head, or --pull and --service.", file=sys.stderr)
        return WRONG
    narrator = narrator_of(os.environ)
    repo = _from_caller(wanted.repo)
    work = summary(repo, wanted.base, wanted.head, as_json=wanted.json, narrator=narrator, out=sys.stdout)
    return asyncio.run(work)


async def _restore(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.restore import Errand, restore

    errand = Errand(wanted.service, wanted.environment, wanted.backup, wanted.host, person())
    return await restore(errand, configuration, sys.stdout)


def _init(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.init.command import Order, init
    from agents.entrypoints.init.services import services_directory
    from config.credentials import read_credentials
    from tools.github_client import GithubAccess

    file = _from_caller(wanted.service_file) if wanted.service_file else services_directory(_config_file())
    order = Order(
        directory=_from_caller(wanted.path),
        url=wanted.repo,
        services=file,
        wishes=wishes_of(wanted),
        write=wanted.write,
        pull_request=wanted.pull_request,
        force=wanted.force,
    )
    held = read_credentials(os.environ)
    access = GithubAccess(held.github_token.get_secret_value(), held.github_api_url) if held.github_token else None
    return asyncio.run(init(order, access, out=sys.stdout))


def _check_config(_: argparse.Namespace) -> int:
    from agents.entrypoints.check_config import check_config

    return check_config(_config_file(), os.environ, out=sys.stdout)


def _doctor(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.doctor import doctor

    return asyncio.run(doctor(_config_file(), os.environ, as_json=wanted.json, out=sys.stdout))


def _config_file() -> Path:
    """Find the bot's file; one that the environment names is seen from where the command was typed."""
    path = config_path(os.environ)
    return path if path == DEFAULT_PATH else _from_caller(path)


def _from_caller(path: Path) -> Path:
    """See a path from where the command was typed; the launcher runs from the project's own directory."""
    return Path(os.environ.get("SHIPMATE_CWD", ".")) / path
