"""A host made ready for rolling releases: the network, and the proxy of our own where it is the one that is wanted."""

import hashlib
from datetime import timedelta

from config.rollout import ReverseProxy
from tools.clock import Clock
from tools.effects import unbroken
from tools.errors import Denied, NotFound, TimedOut, Unreachable
from tools.hosts import Argv, Completed, Host
from tools.proxies.haproxy import CONTAINER, HOME, HaProxy, inside
from tools.proxies.setting_up import USER, VOLUME, Setup, labelled, network_command, setup_of
from tools.proxies.surroundings import Surroundings, listening_in, networks_in, published_in, ways_in

PULL_LIMIT = timedelta(minutes=10)
READY = timedelta(seconds=30)
POLL = timedelta(milliseconds=100)
_MARK = "==> "
_REFUSED = 66
_CHANGED = 67
_READ = f"""\
cd {HOME} || exit 1
for file in *.cfg; do
  if [ -e "$file" ]; then echo "{_MARK}$file"; cat "$file"; fi
done
"""
# The files are judged as a whole, as the proxy will read them, before the first of them changes. Requests may have been
# moved since they were read: then they are read again.
_WRITE = f"""\
set -eu
cd {HOME}
exec 8>> .lock
flock 8
mkdir /tmp/new
before=$1
shift
while [ "$#" -gt 0 ]; do printf '%s' "$2" > "/tmp/new/$1"; shift 2; done
found=$({_READ.strip()})
[ "$(printf '%s' "$found" | sha256sum | cut -c 1-64)" = "$before" ] || exit {_CHANGED}
if ! said=$(haproxy -c -f /tmp/new 2>&1); then echo "$said" >&2; exit {_REFUSED}; fi
for file in /tmp/new/*; do
  cp "$file" ".${{file##*/}}.new"
  mv -f ".${{file##*/}}.new" "${{file##*/}}"
done
sync
chown -R {USER} .
"""
# The former container is only put aside: where the new one cannot start, it goes on. Nobody listens from its stop until
# the new one runs, so its last requests get seconds here, and not the minutes that a reload gives them.
_RUN = """\
set -u
name=$1
shift
if docker inspect --type container "$name" > /dev/null 2>&1; then
  docker rm --force "$name-former" > /dev/null 2>&1
  docker rename "$name" "$name-former" && docker stop --time 5 "$name-former" > /dev/null || exit 1
fi
if ! "$@"; then
  docker rm --force "$name" > /dev/null 2>&1
  if docker rename "$name-former" "$name" 2> /dev/null; then docker start "$name" > /dev/null; fi
  exit 66
fi
docker rm --force "$name-former" > /dev/null 2>&1
exit 0
"""


def helper_command(image: str, script: str, *words: str, writes: bool = False) -> Argv:
    """Build the command that reads or writes the proxy's files while it may not run itself."""
    caps = ("--cap-add", "CHOWN", "--cap-add", "DAC_OVERRIDE", "--cap-add", "FOWNER") if writes else ()
    return (
        *("docker", "run", "--rm", "--interactive", "--network", "none", "--user", "0:0", "--read-only"),
        *("--tmpfs", "/tmp", "--cap-drop", "ALL", *caps),  # noqa: S108 - inside of it
        *("--volume", f"{VOLUME}:{HOME}{'' if writes else ':ro'}", "--entrypoint", "bash", image),
        *("-c", script, "files", *words),
    )


def files_in(listed: str) -> dict[str, str]:
    """Read what `_READ` printed."""
    parts = listed.split(_MARK)[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def _moving(todo: Setup) -> Argv:
    """Build the command by which the container comes to run as it shall; empty where it does."""
    if todo.container:
        return ("sh", "-c", _RUN, "run", CONTAINER, *labelled(todo.container))
    if todo.start:
        return ("docker", "start", CONTAINER)
    return ("docker", "kill", "--signal", "USR2", CONTAINER) if todo.files else ()


class HostSetup:
    """One host, and what is asked of it for one compose project."""

    def __init__(self, host: Host, settings: ReverseProxy, project: str, clock: Clock) -> None:
        self._host = host
        self._settings = settings
        self._project = project
        self._clock = clock

    async def look(self) -> tuple[Setup, Surroundings]:
        """Tell what is still to be done; changes nothing.

        Raises `NotFound` without docker, `Denied` where addresses or a port belong to somebody else.
        """
        found = await self._surroundings()
        return setup_of(self._settings, self._project, found), found

    async def apply(self, todo: Setup, found: Surroundings) -> None:
        """Do it. Repeated, or after it was cut off, the rest is done.

        Raises `Denied` where the engine or the proxy refuses; a proxy that ran before goes on then.
        """
        if todo.network:
            await self._do(network_command(todo.network), "The network could not be made")
        if todo.pull:
            await self._pull(todo.pull)
        if todo.files:
            await self._write(todo, found)
        if command := _moving(todo):
            await self._do(command, "The proxy could not be started or reloaded")
            await self._ready()

    async def _surroundings(self) -> Surroundings:
        version = await self._host.run(("docker", "version", "--format", "{{.Server.Version}}"))
        if not version.ok:
            raise NotFound(
                f"Docker does not answer on {self._host.name}: {(version.stderr or version.stdout).strip()[-300:]}",
                standing="Nothing was changed.",
                remedy="Install it, and let the bot's user use it: sudo usermod --append --groups docker USER",
            )
        networks = "docker network ls --quiet | xargs -r docker network inspect --format '{{json .}}'"
        tables = await self._told(("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 2> /dev/null || true"))
        running, spec = await self._container()
        image, volume = await self._there("image", self._settings.image), await self._there("volume", VOLUME)
        return Surroundings(
            networks=networks_in(await self._told(("sh", "-c", networks))),
            ways=ways_in(await self._told(("sh", "-c", "cat /proc/net/route 2> /dev/null || true"))),
            listening=(
                *published_in(await self._told(("docker", "ps", "--format", "{{json .}}"))),
                *listening_in(tables),
            ),
            image=image,
            volume=volume,
            running=running,
            spec=spec,
            files=files_in(await self._files(volume=volume, image=image, running=bool(running))),
        )

    async def _container(self) -> tuple[bool | None, str]:
        form = '{{.State.Running}} {{index .Config.Labels "shipmate.proxy"}}'
        answer = await self._host.run(("docker", "inspect", "--type", "container", "--format", form, CONTAINER))
        if not answer.ok:
            return None, ""
        running, _, spec = answer.stdout.strip().partition(" ")
        return running == "true", spec

    async def _files(self, *, volume: bool, image: bool, running: bool) -> str:
        if running:
            return await self._told(inside(_READ))
        return await self._told(helper_command(self._settings.image, _READ)) if volume and image else ""

    async def _there(self, kind: str, name: str) -> bool:
        return (await self._host.run(("docker", kind, "inspect", "--format", "there", name))).ok

    async def _pull(self, image: str) -> None:
        pulled = await unbroken(self._host.run(("docker", "pull", "--quiet", image), timeout=PULL_LIMIT))
        if not pulled.ok:
            raise Unreachable(
                f"{self._host.name} cannot fetch {image}: {pulled.stderr.strip()[-400:]}",
                standing="There is no new proxy.",
                remedy="Check the way from the host to the registry, or name another `image` of the proxy.",
            )

    async def _write(self, todo: Setup, found: Surroundings) -> None:
        files = sorted((todo.files or {}).items())
        listed = "".join(f"{_MARK}{name}\n{text}" for name, text in sorted(found.files.items()))
        before = hashlib.sha256(listed.rstrip("\n").encode()).hexdigest()
        words = (before, *(word for file in files for word in file))
        command = helper_command(self._settings.image, _WRITE, *words, writes=True)
        written = await unbroken(self._host.run(command))
        if written.exit_code == _CHANGED:
            raise Denied(
                f"Requests were moved on {self._host.name} in the meantime.",
                standing="The proxy goes on as it is.",
                remedy="Set the host up again: it takes what is true then.",
            )
        self._require(written, "The proxy refuses its files")

    async def _ready(self) -> None:
        """Wait until the proxy knows the routes."""
        deadline = self._clock.monotonic() + READY.total_seconds()
        proxy = HaProxy(self._host, HOME, self._project)
        while True:
            try:
                known = [await proxy.knows(route) for route in self._settings.routes]
            except Unreachable:
                known = [False]
            if all(known):
                return
            if self._clock.monotonic() > deadline:
                raise TimedOut(
                    f"The proxy on {self._host.name} does not know its routes within {READY.total_seconds():g} s.",
                    remedy=f"Look at its log: docker logs {CONTAINER}",
                )
            await self._clock.sleep(POLL)

    async def _told(self, command: Argv) -> str:
        return (await self._host.run(command)).require(f"Looking around on {self._host.name}").stdout

    async def _do(self, command: Argv, failing: str) -> None:
        self._require(await unbroken(self._host.run(command)), failing)

    def _require(self, completed: Completed, failing: str) -> None:
        if not completed.ok:
            raise Denied(
                f"{failing} on {self._host.name}: {completed.stderr.strip()[-600:]}",
                standing="What ran before runs on.",
                remedy="Correct what it says, then set the host up again.",
            )
