"""The options of `init`, as the command line reads them."""

import argparse
import re
from pathlib import Path

from agents.entrypoints.init.found import Wishes

DESCRIPTION = """\
Look at a repository and write what a release of it needs: Dockerfile, .dockerignore, compose file, .env.example,
GitHub workflows, and the service's file of the bot. Without --write and --pull-request nothing is written: what was
found, what was chosen and every difference is shown. Files that exist are never replaced without --force."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_IMAGE = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}|terminal:[\w.-]+")
_DIRECTORY = re.compile(r"(?!/)(?!.*\.\.)[\w./-]+")
_LARGEST_PORT = 65535


def describe(command: argparse.ArgumentParser) -> None:
    """Declare the options."""
    command.description = DESCRIPTION
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.add_argument(
        "path", nargs="?", type=Path, default=Path(), metavar="PATH", help="the repository; else this directory"
    )
    command.add_argument("--repo", metavar="URL", help="look at the newest commit of a repository elsewhere")
    command.add_argument(
        "--name", type=_written(_NAME, "a name such as observer"), help="what people type: /deploy NAME"
    )
    command.add_argument(
        "--image", type=_written(_IMAGE, "an image without a tag"), help="such as ghcr.io/acme/observer"
    )
    command.add_argument("--mode", choices=("cpu", "gpu"), default="cpu", help="gpu: a CUDA base image, and a device")
    command.add_argument(
        "--port",
        type=_port,
        action="append",
        default=[],
        metavar="[COMPONENT=]PORT",
        help="what the program listens on",
    )
    command.add_argument("--health", metavar="PATH", type=_health, help="path that answers 200 when the program works")
    command.add_argument(
        "--output",
        metavar="DIRECTORY",
        type=_written(_DIRECTORY, "a directory in the repository"),
        help="where the build of a static site puts it",
    )
    command.add_argument(
        "--host", type=_written(_HOST, "a host name or address"), help="the server; else the bot's own machine"
    )
    command.add_argument(
        "--user", type=_written(_USER, "a user's name"), default="deploy", help="who runs docker there"
    )
    command.add_argument(
        "--approver",
        type=_written(_PERSON, "a Slack member id, or terminal:LOGIN"),
        action="append",
        default=[],
        metavar="PERSON",
        help="who may let a release through",
    )
    command.add_argument(
        "--service-file", type=Path, metavar="FILE", help="where the service's file goes; else beside the bot's others"
    )
    how = command.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="write the files")
    how.add_argument("--pull-request", action="store_true", help="propose them on GitHub; needs GITHUB_TOKEN")
    command.add_argument("--force", action="store_true", help="replace files that exist and differ")


def wishes_of(wanted: argparse.Namespace) -> Wishes:
    """Take what stands above everything that is found."""
    return Wishes(
        name=wanted.name,
        image=wanted.image,
        mode=wanted.mode,
        ports=tuple(wanted.port),
        health=wanted.health,
        output=wanted.output,
        host=wanted.host,
        user=wanted.user,
        approvers=tuple(wanted.approver),
    )


class _written:  # noqa: N801 - argparse shows it as a type
    """A text that a pattern matches as a whole."""

    def __init__(self, pattern: re.Pattern[str], meaning: str) -> None:
        self._pattern, self._meaning = pattern, meaning

    def __call__(self, text: str) -> str:
        if not self._pattern.fullmatch(text):
            raise argparse.ArgumentTypeError(f"'{text}' is not {self._meaning}")
        return text


def _port(text: str) -> tuple[str, int]:
    component, _, number = text.rpartition("=")
    if not (number.isascii() and number.isdecimal() and 0 < int(number) <= _LARGEST_PORT):
        raise argparse.ArgumentTypeError(f"'{number}' is not a port")
    return component, int(number)


def _health(text: str) -> str:
    if not re.fullmatch(r"/[\w./-]*", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"'{text}' is not a path such as /health")
    return text
