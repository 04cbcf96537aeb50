"""Debian packages as files: fetched with a configuration of our own, unpacked, never installed."""

from collections.abc import Iterable
from pathlib import Path

from tests.stage.commands import StageError, alone, execute
from tests.stage.places import STATE, codename

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DOCKER_SUITE = "trixie"
IMAGE_SUITE = "bookworm"
TARGETS = "$(REPO_URI) $(RELEASE) $(COMPONENT)"


def fetch(packages: Iterable[str], directory: Path) -> list[Path]:
    """Download packages (`name/suite`) as .deb files into a new directory; the machine's own apt is not touched."""
    directory.mkdir(parents=True)
    with alone("apt"):  # another run writes the same settings and lists
        options = _options(STATE / "apt")
        download = ["apt-get", *options, "download", "-q", *packages]
        try:
            execute(download, cwd=directory)
        except StageError:  # no lists yet, or old ones
            execute(["apt-get", *options, "update", "-q"])
            execute(download, cwd=directory)
    return sorted(directory.glob("*.deb"))


def unpack(packages: Iterable[Path], root: Path) -> None:
    """Unpack .deb files below a directory."""
    for package in packages:
        execute(["dpkg-deb", "-x", package, root])


def _options(home: Path) -> list[str]:
    for part in ("lists/partial", "cache/archives/partial", "parts"):
        (home / part).mkdir(parents=True, exist_ok=True)
    site = _site()
    suites = (DOCKER_SUITE, IMAGE_SUITE, codename())
    lines = [f"deb [signed-by={KEYRING}] {site} {suite} main" for suite in dict.fromkeys(suites) if suite]
    (home / "sources.list").write_text("\n".join(lines) + "\n")
    settings = {
        "Dir::Etc::SourceList": home / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": home / "lists",
        "Dir::Cache": home / "cache",
        "APT::Sandbox::User": "root",
        "APT::Update::Post-Invoke": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _site() -> str:
    """Tell the address that the machine itself gets Debian from."""
    listed = execute(["apt-get", "indextargets", "--format", TARGETS, "Created-By: Packages"])
    for line in listed.splitlines():
        site, release, component = line.split()
        if component == "main" and not release.endswith(("-security", "-updates", "-backports")):
            return site
    raise StageError("apt has no Debian source with the component main. Add one below /etc/apt/sources.list.d.")
