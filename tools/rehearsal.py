"""The way back tried out on a host, in one visit and without a trace: nothing is started, nothing stays.

A container is made from each image that runs now and taken away again, which needs all of its layers; the compose file
that lies there is read as the way back will read it; and what the running containers have mounted is looked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tools.errors import Garbled
from tools.hosts import Argv, Host

LIMIT = timedelta(seconds=30)
MARK = "shipmate.rehearsal"
# Arguments: how many images, the images, how many volumes, the volumes, how many paths, the paths, and the command that
# reads the compose file, if any. What an earlier rehearsal left when its line broke goes first.
_SCRIPT = f"""\
docker ps --all --quiet --no-trunc --filter label={MARK} --filter status=created |
  while IFS= read -r old; do docker rm --volumes "$old" > /dev/null 2>&1; done
last() {{ tr '\\t\\r' '  ' | grep -v '^ *$' | tail -n 1; }}
count=$1; shift
while [ "$count" -gt 0 ]; do
  said=$(docker create --pull never --network none --label {MARK}=1 --entrypoint none "$1" 2>&1)
  made=$(printf '%s\\n' "$said" | grep -E '^[0-9a-f]{{64}}$')
  if [ -n "$made" ]; then
    docker rm --volumes "$made" > /dev/null 2>&1
    printf 'image\\t%s\\t\\n' "$1"
  else
    printf 'image\\t%s\\t%s\\n' "$1" "$(printf '%s\\n' "$said" | last)"
  fi
  count=$((count - 1)); shift
done
count=$1; shift
while [ "$count" -gt 0 ]; do
  docker volume inspect --format x "$1" > /dev/null 2>&1 || printf 'gone\\t%s\\t\\n' "$1"
  count=$((count - 1)); shift
done
count=$1; shift
while [ "$count" -gt 0 ]; do
  [ -e "$1" ] || printf 'gone\\t%s\\t\\n' "$1"
  count=$((count - 1)); shift
done
if [ "$#" -gt 0 ]; then
  if said=$("$@" 2>&1 > /dev/null); then said=; else said="failed: $(printf '%s\\n' "$said" | last)"; fi
  printf 'compose\\t\\t%s\\n' "$said"
fi
printf 'done\\t\\t\\n'
"""


@dataclass(frozen=True, slots=True)
class Former:
    """What runs on a host now, and is what a way back would need there."""

    images: tuple[str, ...]
    """Ids of the images, each once."""
    volumes: tuple[str, ...] = ()
    """Names of the volumes that its containers have mounted."""
    paths: tuple[str, ...] = ()
    """Places on the host that they have mounted."""
    reading: Argv = ()
    """The command that reads its compose file; empty where none lies there."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was found out."""

    unstartable: Mapping[str, str] = field(default_factory=dict)
    """Image id -> why no container can be made from it."""
    gone: tuple[str, ...] = ()
    """Volumes and paths that are mounted and not there any more."""
    unreadable: str = ""
    """Why the compose file cannot be read; empty where it can, or where there is none."""


def rehearsal(former: Former) -> Argv:
    """Build the command."""
    lists = (former.images, former.volumes, former.paths)
    words = [word for one in lists for word in (str(len(one)), *one)]
    return ("sh", "-c", _SCRIPT, "rehearsal", *words, *former.reading)


def rehearsed_in(text: str) -> Rehearsed:
    """Read the answer of `rehearsal`; raises `Garbled` where it did not come to its end."""
    lines = [line.split("\t", 2) for line in text.splitlines() if line.count("\t") >= 2]  # noqa: PLR2004 - three fields
    if not lines or lines[-1][0] != "done":
        raise Garbled("The way back could not be tried out.", remedy="Try `docker create` of an image there by hand.")
    return Rehearsed(
        unstartable={name: why for kind, name, why in lines if kind == "image" and why},
        gone=tuple(name for kind, name, _ in lines if kind == "gone"),
        unreadable=next((why.removeprefix("failed: ") for kind, _, why in lines if kind == "compose" and why), ""),
    )


async def rehearse(host: Host, former: Former) -> Rehearsed:
    """Try out the way back on a host."""
    answer = await host.run(rehearsal(former), timeout=LIMIT)
    return rehearsed_in(answer.require(f"Trying out the way back on {host.name}").stdout)
