"""What a server's answers mean: way in, directory, variables, disk and registry login."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from agents.entrypoints.checkup import toolset
from agents.entrypoints.checkup.check import Check, missing, ok, optional
from agents.entrypoints.checkup.machine import own_user
from agents.entrypoints.figures import size
from config.targets import ComposeTarget, HostSettings
from tools.env_file import settings_of
from tools.hosts import Argv, Completed, Host
from tools.registry_login import LoginCheck

_ABSENT, _REFUSED, _NO_DIRECTORY = 66, 67, 65
_DIRECTORY = (
    f'[ -e "$1" ] || exit {_ABSENT}; [ -d "$1" ] || exit {_NO_DIRECTORY}; [ -w "$1" ] && [ -x "$1" ] || exit {_REFUSED}'
)
_ENV_FILE = f'[ -e "$1" ] || exit {_ABSENT}; [ -r "$1" ] || exit {_REFUSED}; exec stat -L -c %a -- "$1"'
_OTHERS = 0o177
"""What nobody but the owner may have, and the owner does not need."""


@dataclass(frozen=True, slots=True)
class Place:
    """One server of one environment."""

    host: Host
    settings: HostSettings
    target: ComposeTarget

    def name(self, what: str) -> str:
        """Name a check."""
        return named(self.settings, what)

    @property
    def user(self) -> str:
        """Name who works there: on this machine whoever runs the bot."""
        return self.settings.user if self.settings.address else own_user()

    def there(self, how: str) -> str:
        """Say where a command is to be typed."""
        return f"On {self.settings.name}: {how}"


def directory_looked_at(path: PurePosixPath) -> Argv:
    """Build the command whose exit code tells whether a directory is there and writable."""
    return ("sh", "-c", _DIRECTORY, "look", str(path))


def env_file_looked_at(path: PurePosixPath) -> Argv:
    """Build the command that prints a file's mode, and nothing of what is in it."""
    return ("sh", "-c", _ENV_FILE, "look", str(path))


def named(settings: HostSettings, what: str) -> str:
    """Name a check after its server."""
    return f"{settings.name}: {what}"


def judged_way_in(ended: Completed, settings: HostSettings) -> Check:
    """Tell whether commands run."""
    name = named(settings, "way in")
    if not ended.ok:
        how = f"On {settings.name}: install coreutils, and let {settings.user} have a POSIX shell."
        return missing(name, f"commands do not run there ({toolset.complaint(ended)})", how)
    if settings.address is None:
        return ok(name, "this machine, without SSH")
    return ok(name, f"SSH as {settings.user}@{settings.address}:{settings.port}")


def judged_directory(place: Place, exit_code: int) -> Check:
    """Tell whether the service's directory is there and writable."""
    name, directory, user = place.name("directory"), place.target.directory, place.user
    remedies = {
        _ABSENT: ("does not exist", f"sudo install -d -o {user} {directory}"),
        _NO_DIRECTORY: ("is no directory", f"move {directory} away, then sudo install -d -o {user} {directory}"),
        _REFUSED: (f"is not writable for {user}", f"sudo chown {user} {directory}"),
    }
    if exit_code == 0:
        return ok(name, str(directory))
    problem, how = remedies.get(exit_code, ("could not be looked at", f"ls -ld {directory}"))
    return missing(name, f"{directory} {problem}", place.there(how))


def judged_env_file(place: Place, path: PurePosixPath, ended: Completed) -> Check:
    """Tell whether the service's variables lie there, for their owner only."""
    name, user, mode = place.name("env file"), place.user, ended.stdout.strip()
    if ended.exit_code == _ABSENT:
        how = f"install -m 600 /dev/null {path}, then write the service's variables into it"
        return missing(name, f"{path} does not exist", place.there(how))
    if ended.exit_code == _REFUSED:
        return missing(name, f"{path} is not readable for {user}", place.there(f"sudo chown {user} {path}"))
    if not ended.ok or not mode.isdecimal():
        return missing(name, f"{path}: {toolset.complaint(ended)}", place.there(f"ls -l {path}"))
    if int(mode, 8) & _OTHERS:
        return missing(name, f"{path} has mode {mode}: not only its owner", place.there(f"chmod 600 {path}"))
    return ok(name, f"{path}, mode {mode}")


def judged_given(place: Place, variable: str, content: str) -> Check:
    """Tell whether the bot was given the env file that it is to write; names are told, values never."""
    name = place.name("env file")
    if not content.strip():
        how = f"Set {variable} in the bot's environment to the content of {place.target.env_file}, line by line."
        return missing(name, f"{variable} is not set, so {place.target.env_file} cannot be written", how)
    names = sorted(dict(settings_of(content)))
    if not names:
        how = f"Write NAME=VALUE lines into {variable}; a file's content is meant, not its path."
        return missing(name, f"{variable} sets no name", how)
    return ok(name, f"written from {variable}: {', '.join(names)}")


def judged_disk(place: Place, free: int) -> Check:
    """Tell whether enough is free."""
    name, wanted = place.name("disk"), place.target.minimum_free_bytes
    if free >= wanted:
        return ok(name, f"{size(free)} free")
    how = place.there("docker system df, then docker image prune; or lower target.minimum_free_bytes")
    return missing(name, f"{size(free)} free, {size(wanted)} are needed", how)


def judged_login(place: Place, registry: str, login: LoginCheck) -> Check:
    """Tell whether the server may pull; where it may not, images can come through the SSH connection instead."""
    name = place.name(f"pull from {registry}")
    if login.works:
        return ok(name, login.reason)
    if place.settings.address is None or place.target.shipping == "pull":
        return missing(name, login.reason, login.remedy)
    told = f"{login.reason.rstrip('.')}; the bot brings images through the SSH connection"
    return optional(name, told, login.remedy)
