"""Whether an image can run on a host at all: an engine fetches one of a foreign platform without a word."""

from collections.abc import Collection
from dataclasses import dataclass

from tools.errors import NotFound
from tools.host_images import mark_of
from tools.hosts import Argv, Host

_LOOK = """\
docker version --format '{{.Server.Os}}/{{.Server.Arch}}' || exit
docker image inspect --format '{{.Os}}/{{.Architecture}}' "$1" "$2" 2> /dev/null | head -n 1
ls /proc/sys/fs/binfmt_misc 2> /dev/null
true
"""
_EMULATED = {"arm64": "aarch64", "amd64": "x86_64", "386": "i386", "loong64": "loongarch64"}
"""Names that emulators are registered by, where they are not the architecture's own."""
_ALSO = {"amd64": {"386"}, "arm64": {"arm"}}
"""What processors run beside their own."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The platform of a host's engine, and that of an image on it; empty where it is not there."""

    host: str
    image: str
    emulated: Collection[str] = ()
    """Emulators of foreign programs that the host has, as its kernel names them."""

    @property
    def runs(self) -> bool:
        """Tell whether the image's programs can run there; what nobody knows counts as yes."""
        system, _, machine = self.host.partition("/")
        wanted, _, architecture = self.image.partition("/")
        if not self.image or not architecture:
            return True
        emulator = f"qemu-{_EMULATED.get(architecture, architecture)}"
        return system == wanted and (architecture in {machine, *_ALSO.get(machine, ())} or emulator in self.emulated)


def look_command(reference: str) -> Argv:
    """Build the command that tells both platforms and the emulators."""
    return ("sh", "-c", _LOOK, "fitting", reference, mark_of(reference))


def fit_in(text: str) -> Fit:
    """Read its answer."""
    host, *rest = text.split()
    image = rest[0] if rest and "/" in rest[0] else ""
    return Fit(host, image, frozenset(rest))


async def require_fit(host: Host, reference: str) -> None:
    """Hold `repository@sha256:...` on a host against the engine there; raises `NotFound` for a foreign platform."""
    answer = await host.run(look_command(reference))
    fit = fit_in(answer.require(f"Asking the engine on {host.name}").stdout)
    if not fit.runs:
        raise NotFound(
            f"{reference} was built for {fit.image}, and {host.name} runs {fit.host}.",
            standing="It was fetched, and nothing was started.",
            remedy=f"Add {fit.host} to `platforms` of the component, and release again.",
        )
