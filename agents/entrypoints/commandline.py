"""The command line, with the same words as in Slack. Exit codes: 0 done, 1 no, 2 wrong input, 3 waits for approval."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.entrypoints.audit_arguments import describe as describe_audit
from agents.entrypoints.caller import config_file, from_caller, person
from agents.entrypoints.guard_arguments import GUARDS, unknown_guard
from agents.entrypoints.guard_arguments import describe as describe_guard
from agents.entrypoints.host_arguments import describe_host
from agents.entrypoints.init.arguments import describe as describe_init
from agents.entrypoints.release_arguments import options_last
from agents.entrypoints.restore_arguments import describe as describe_restore
from agents.entrypoints.spoken_arguments import FOLLOWED, SPOKEN
from agents.entrypoints.spoken_arguments import describe as describe_spoken
from agents.entrypoints.summary_arguments import describe as describe_summary
from config.faults import ConfigFaults
from config.loading import load
from config.nearest import did_you_mean
from config.shipmate import Configuration
from tools.errors import Denied, NotFound, Superseded, TimedOut, ToolError, Unreachable

DONE, NO, WRONG = 0, 1, 2
INTERRUPTED, UNREAD = 130, 141
"""Ended by Ctrl-C, or by a reader such as `head` that wanted no more: 128 and the signal, as shells tell it."""
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
LEFT = "Left. A release that had begun goes on: now where the bot runs, else at its next start. See ./shipmate status."
Run = Callable[[argparse.Namespace, Configuration], Coroutine[Any, Any, int]]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    described = parser()
    if not arguments or arguments[0] == "help":
        described.print_help()
        return DONE if arguments else WRONG
    wrong = _unknown(arguments[0]) or unknown_guard(arguments)
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
        describe_spoken(_add(commands, verb, text, _configured(_speak)), verb)
    exported = _add(commands, "export", "print the history as JSON", _configured(_export))
    exported.add_argument("service", nargs="?")
    describe_audit(_add(commands, "audit", "list what was asked, decided, refused and done, or prove it", _audit))
    _add_guards(commands)
    restored = _add(commands, "restore", "list backups of a service's data, or put one back", _configured(_restore))
    describe_restore(restored)
    describe_host(_add(commands, "host", "set a host up for rolling releases", _configured(_host)))
    describe_summary(_add(commands, "summary", "describe a range of commits, or a pull request", _summary))
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


def _add_guards(commands: Any) -> None:
    guards = commands.add_parser("guard", help="run one guardrail on its own").add_subparsers(
        required=True, metavar="GUARDRAIL"
    )
    runs = {
        "secrets": _guard_secrets,
        "commit": _guard_commit,
        "volumes": _configured(_guard_volumes),
        "dockerfile": _configured(_guard_dockerfile),
    }
    for name, text in GUARDS.items():
        describe_guard(_add(guards, name, text, runs[name]), name)


def _add(commands: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run, described=command)
    return command


def _configured(run: Run) -> Callable[[argparse.Namespace], int]:
    """Load the configuration first, then run in a loop."""

    def configured(wanted: argparse.Namespace) -> int:
        configuration = load(config_file(), os.environ)
        return asyncio.run(run(wanted, configuration))

    return configured


async def _serve(_: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.serve import serve

    return await serve(configuration, sys.stdout)


async def _speak(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.spoken import speak

    return await speak(wanted, configuration, sys.stdout)


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
    from agents.entrypoints.audit import audited

    return await audited(wanted, configuration, sys.stdout)


def _guard_secrets(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.guard import Exceptions, guard_secrets

    exceptions = None
    if wanted.service:
        services = load(config_file(), os.environ).services
        if wanted.service not in services:
            raise NotFound(f"There is no service {wanted.service}{did_you_mean(wanted.service, services)}")
        exceptions = Exceptions(services[wanted.service].allowed_secrets, datetime.now(UTC).date())
    paths = [from_caller(path) for path in wanted.paths]
    base = Path(os.environ.get("SHIPMATE_CWD", ".")).absolute()
    return guard_secrets(paths, as_json=wanted.json, out=sys.stdout, exceptions=exceptions, base=base)


def _guard_commit(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.guard_commit import guard_commit

    return guard_commit(from_caller(Path()), as_json=wanted.json, out=sys.stdout)


async def _guard_volumes(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.guard_volumes import guard_service

    file = from_caller(wanted.file) if wanted.file else None
    return await guard_service(
        configuration, wanted.service, wanted.environment, file, as_json=wanted.json, out=sys.stdout
    )


async def _guard_dockerfile(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.guard_dockerfile import guard_dockerfile

    path = from_caller(wanted.path)
    return guard_dockerfile(configuration, wanted.service, path, as_json=wanted.json, out=sys.stdout)


async def _host(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.host_setup import Errand, set_up

    errand = Errand(wanted.service, wanted.environment, person(), dry_run=wanted.dry_run)
    return await set_up(errand, configuration, sys.stdout)


def _summary(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.summarise import pull_summary, summary
    from agents.entrypoints.summary_arguments import misuse
    from agents.entrypoints.wiring import narrator_of

    wrong = misuse(wanted)
    if wrong:
        print(wrong, file=sys.stderr)
        return WRONG
    if wanted.pull and wanted.service:
        configuration = load(config_file(), os.environ)
        described = pull_summary(configuration, wanted.service, wanted.pull, as_json=wanted.json, out=sys.stdout)
        return asyncio.run(described)
    narrator = narrator_of(os.environ)
    repo = from_caller(wanted.repo)
    work = summary(repo, wanted.base, wanted.head, as_json=wanted.json, narrator=narrator, out=sys.stdout)
    return asyncio.run(work)


async def _restore(wanted: argparse.Namespace, configuration: Configuration) -> int:
    from agents.entrypoints.restore import Errand, restore

    errand = Errand(wanted.service, wanted.environment, wanted.backup, wanted.host, person())
    try:
        return await restore(errand, configuration, sys.stdout)
    except (Denied, Superseded, TimedOut, Unreachable) as error:  # typed rightly, and answered with a no
        print(error if error.remedy else f"{str(error).removesuffix('.')}. {error.usual}", file=sys.stderr)
        return NO


def _init(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.init.typed import init_as_typed

    return asyncio.run(init_as_typed(wanted, sys.stdout))


def _check_config(_: argparse.Namespace) -> int:
    from agents.entrypoints.check_config import check_config

    return check_config(config_file(), os.environ, out=sys.stdout)


def _doctor(wanted: argparse.Namespace) -> int:
    from agents.entrypoints.doctor import doctor

    return asyncio.run(doctor(config_file(), os.environ, as_json=wanted.json, out=sys.stdout))
