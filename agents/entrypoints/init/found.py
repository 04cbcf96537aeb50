"""What an inspection found: the programs of a repository, each fact with the place it was read from."""

import re
from dataclasses import dataclass, field
from typing import Literal

Installer = Literal["requirements", "uv", "poetry", "pyproject", "setup", "nothing", "npm", "pnpm", "yarn", "berry"]


def file_of(place: str) -> str:
    """Leave the line's number of a place out."""
    return re.sub(r":\d+$", "", place)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who types the command decides: it stands above everything that was found."""

    name: str | None = None
    image: str | None = None
    mode: Literal["cpu", "gpu"] = "cpu"
    ports: tuple[tuple[str, int], ...] = ()
    """Component -> port; an empty name means the only one."""
    health: str | None = None
    output: str | None = None
    """Directory that a static build writes to."""
    host: str | None = None
    user: str = "deploy"
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Something the sources do not settle: what was chosen, why, and how to choose otherwise."""

    about: str
    chosen: str
    why: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that must be known and is not: nothing is written before somebody says it."""

    about: str
    why: str
    flag: str


@dataclass(frozen=True, slots=True)
class Reading:
    """An environment variable that the sources read, and where."""

    name: str
    place: str
    required: bool
    """Whether the program fails without it."""

    @property
    def file(self) -> str:
        """Name the file only: a line's number is wrong after the next change."""
        return file_of(self.place)


@dataclass(frozen=True, slots=True)
class Storage:
    """A directory, relative to the program, whose content must outlive a container."""

    path: str
    place: str

    @property
    def file(self) -> str:
        """Name the file only."""
        return file_of(self.place)

    @property
    def label(self) -> str:
        """Name its volume."""
        return self.path.strip("/").replace("/", "-").replace("_", "-")


@dataclass(frozen=True, slots=True)
class Health:
    """What is asked to learn whether the program works."""

    path: str
    place: str = ""
    """Where the sources answer it; empty where nothing does, and any answer below 500 has to do."""

    @property
    def file(self) -> str:
        """Name the file only."""
        return file_of(self.place)


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the test workflow."""

    name: str
    run: str


@dataclass(frozen=True, slots=True)
class Component:
    """One program, and so one image."""

    name: str
    directory: str
    """Relative to the repository; empty for its root."""
    image: str
    language: Literal["python", "node"]
    framework: str
    """For people: `FastAPI`, `Next.js`, `static site`."""
    version: str
    """Of the language: `3.11`, `24`."""
    installer: Installer
    command: tuple[str, ...]
    """What the image runs; empty for a static site, which a web server serves."""
    port: int
    published: int
    """Port on the server's loopback; another one than `port` only where two components share it."""
    health: Health
    gpu: bool = False
    manifests: tuple[str, ...] = ()
    """Files, and directories with a slash at the end, that the installation of the dependencies needs."""
    readings: tuple[Reading, ...] = ()
    storage: tuple[Storage, ...] = ()
    packages: tuple[str, ...] = ()
    """System packages that the program cannot work without."""
    weights: bool = False
    """Whether it loads models, whose weights never belong into an image."""
    settings: tuple[tuple[str, str], ...] = ()
    """Variables with fixed values that the image sets."""
    scratch: tuple[str, ...] = ("/tmp",)  # noqa: S108 - a path inside the container
    """Paths in the container that it must write to, and that may be lost."""
    checks: tuple[Check, ...] = ()
    output: str = ""
    """Directory with the files of a static site, after its build."""
    builds: bool = False
    """Whether a Node program has a build script."""
    standalone: bool = False
    """Whether Next.js puts everything that it needs into `.next/standalone`."""
    public: bool = False
    """Whether there is a directory `public`."""
    runner: Literal["", "pytest", "unittest", "npm"] = ""
    """What runs its tests; empty where there are none."""

    def at(self, path: str) -> str:
        """Name a file of this component as seen from the repository's root."""
        return f"{self.directory}/{path}" if self.directory else path


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the repository lives."""

    url: str
    github: str | None
    """`owner/name`."""
    branch: str


@dataclass(frozen=True, slots=True)
class Found:
    """Everything about one repository."""

    name: str
    origin: Origin
    components: tuple[Component, ...] = ()
    choices: tuple[Choice, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    """Directories with a manifest that are no component, each with the reason, for people."""
