"""The files through which a server is reached: those that are named must be there."""

from collections.abc import Iterator
from pathlib import Path

from config.contradiction import Contradiction
from config.service import Service
from config.targets import ComposeTarget, HostSettings


def lost_files(service: Service) -> Iterator[Contradiction]:
    """Find key files that are named and are not there."""
    for place, environment in service.environments.items():
        if isinstance(environment.target, ComposeTarget):
            for index, host in enumerate(environment.target.hosts):
                for key, message in _lost(host):
                    yield Contradiction(("environments", place, "target", "hosts", index, key), message)


def _lost(host: HostSettings) -> Iterator[tuple[str, str]]:
    if host.key is not None and _is_lost(host.key):
        yield "key", f"there is no file {host.key}; write the private key there, or null for the SSH agent"
    if host.known_hosts is not None and _is_lost(host.known_hosts):
        scan = f"ssh-keyscan -p {host.port} {host.address or 'HOST'} >> {host.known_hosts}"
        yield "known_hosts", f"there is no file {host.known_hosts}; make it with `{scan}`, and compare the key"


def _is_lost(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:  # It stands where this person may not look; the bot itself may.
        return False
