"""Why an engine could not fetch an image, read from what it complained of. Pure."""

from tools.errors import CommandFailed, Denied, NotFound, ToolError, Unreachable
from tools.hosts import Completed
from tools.registry_login import login_remedy, registry_of

_FULL = ("no space left on device", "disk quota exceeded")
_REFUSED = ("denied", "unauthorized", "no basic auth credentials", "authentication required", "toomanyrequests")
_FOREIGN = ("no matching manifest", "does not match the specified platform")
_UNKNOWN = ("not found", "manifest unknown", "does not exist")
_SILENT = (
    "connection refused",
    "connection reset",
    "no such host",
    "temporary failure in name resolution",
    "server misbehaving",
    "network is unreachable",
    "no route to host",
    "i/o timeout",
    "timeout exceeded",
    "deadline exceeded",
    "request canceled",
    "tls handshake",
    "x509:",
    "gave http response to https client",
    "unexpected http status: 5",
    "unexpected eof",
    ": eof",
)


def pull_failure(reference: str, host: str, answer: Completed) -> ToolError | None:
    """Tell why an image could not be fetched; None where the reason is not one of the known ones."""
    said = answer.stderr.strip() or answer.stdout.strip()
    lowered = said.lower()
    if any(word in lowered for word in _FULL):
        return CommandFailed(
            f"{host} has no room left for {reference}: {said}.",
            standing="Nothing of it was kept.",
            remedy=f"Free space on {host} (old images: `docker image prune`), then release again.",
        )
    if any(word in lowered for word in _REFUSED):
        return Denied(f"{host} may not pull {reference}: {said}.", remedy=login_remedy(registry_of(reference), host))
    if any(word in lowered for word in _FOREIGN):
        return NotFound(
            f"{reference} was not built for the platform of {host}: {said}.",
            remedy="Add that platform to `platforms` of the component, and release again.",
        )
    if any(word in lowered for word in _UNKNOWN):
        return NotFound(f"{reference} does not exist: {said}.", remedy="Check that the image was pushed.")
    if any(word in lowered for word in _SILENT):
        return Unreachable(
            f"{host} cannot reach the registry {registry_of(reference)}: {said}.",
            remedy=f"On {host}, check the network and DNS: `docker pull {reference}`",
        )
    return None
