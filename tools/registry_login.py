"""Whether a host may pull: its stored registry login, looked at without ever reading the secret."""

from dataclasses import dataclass

from tools.hosts import Argv, Host

_HUB = "docker.io"
_HUB_KEY = "https://index.docker.io/v1/"
# Only names are printed: the file holds passwords.
_STORED = """\
config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
[ -r "$config" ] || exit 0
grep -oF -e "\\"$1\\"" -e '"credsStore"' -- "$config" | sort -u
"""
_REFUSALS = ("unauthorized", "denied", "no basic auth credentials", "authentication required")


@dataclass(frozen=True, slots=True)
class LoginCheck:
    """Whether a host's login works, how that is known, and what to do where it does not."""

    works: bool
    reason: str
    remedy: str = ""


def registry_of(reference: str) -> str:
    """Name the registry in an image reference; Docker Hub where it names none."""
    first, slash, _ = reference.partition("/")
    named = slash and (first == "localhost" or any(mark in first for mark in ".:"))
    return first if named else _HUB


def is_loopback(registry: str) -> bool:
    """Tell whether a registry is on the machine itself: the engine trusts those, mostly without a login."""
    host = registry.rpartition(":")[0] or registry
    return host in ("localhost", "[::1]") or host.startswith("127.")


def login_remedy(registry: str, host: str) -> str:
    """Say how a person lets a host in to a registry."""
    address = "" if registry == _HUB else f" {registry}"
    return (
        f"On {host}, run `docker login{address} -u USER` and give a token that may read packages; then release again."
    )


def stored(registry: str) -> Argv:
    """Build the command that prints which names of a login the host has stored, and no more."""
    return ("sh", "-c", _STORED, "stored", _HUB_KEY if registry == _HUB else registry)


def asked(reference: str) -> Argv:
    """Build the command that asks the registry for an image's manifest with the stored login."""
    insecure = ("--insecure",) if is_loopback(registry_of(reference)) else ()
    return ("docker", "manifest", "inspect", *insecure, reference)


async def login_works(host: Host, registry: str, reference: str | None = None) -> LoginCheck:
    """Check the login; with a reference by really asking the registry for it, otherwise by what is stored.

    A registry that answers without a login counts as working.
    """
    if reference is not None:
        return await _by_asking(host, registry, reference)
    if is_loopback(registry):
        return LoginCheck(works=True, reason=f"{registry} is on {host.name} itself.")
    answer = (await host.run(stored(registry))).require(f"Looking at the registry logins of {host.name}")
    if answer.stdout.strip():
        return LoginCheck(works=True, reason=f"{host.name} has stored a login for {registry}.")
    return LoginCheck(
        works=False,
        reason=f"{host.name} has no login for {registry}.",
        remedy=login_remedy(registry, host.name),
    )


async def _by_asking(host: Host, registry: str, reference: str) -> LoginCheck:
    answer = await host.run(asked(reference))
    said = answer.stderr.strip()
    if answer.ok or "no such manifest" in said or "manifest unknown" in said:
        return LoginCheck(works=True, reason=f"{registry} answers {host.name}.")
    remedy = login_remedy(registry, host.name)
    if any(word in said for word in _REFUSALS):
        return LoginCheck(works=False, reason=f"{registry} refuses {host.name}: {said}.", remedy=remedy)
    return LoginCheck(works=False, reason=f"{host.name} got no answer from {registry}: {said}.", remedy=remedy)
