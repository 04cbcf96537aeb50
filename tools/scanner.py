"""The pattern scanner: known shapes of credentials, found in-process and offline."""

import asyncio
import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import NotInstalled, TimedOut, ToolError

if TYPE_CHECKING:
    from kingfisher_sdk import Finding as Found
    from kingfisher_sdk import Scanner as Engine

FILE_TIMEOUT_SECONDS = 20.0
KEY_VARIABLE = "SHIPMATE_FINGERPRINT_SECRET"
_SHORTEST_SHARED = 16
_KEY_BYTES = 32
_IDENTIFIERS = frozenset({"betterleaks.azure-tenant-id", "betterleaks.azure-client-id"})
"""Rules for what names an account and opens nothing."""
_REMEDY = "Reinstall it (`uv sync`) and run `./shipmate doctor`; nothing is released while secrets are not checked."


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """Text of a credential's shape; never the text itself. `span` is a range of bytes in the file."""

    path: str
    line: int
    rule: str
    span: tuple[int, int]
    fingerprint: str
    removed: bool = False
    """The line stands on the removed side of a diff."""


class Scanner:
    """One compiled scanner per process; the compiled rules are cached in a directory of ours."""

    def __init__(self, directory: Path, key: bytes | None = None) -> None:
        self._directory = directory
        self._given_key = key
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    async def scan(self, files: Iterable[tuple[str, bytes]]) -> tuple[PatternMatch, ...]:
        """Search files in a thread; raises `ToolError` when the scanner cannot do its job: nothing was checked then."""
        return await asyncio.to_thread(self.scan_now, tuple(files))

    def scan_now(self, files: Iterable[tuple[str, bytes]]) -> tuple[PatternMatch, ...]:
        """Search files; invisible findings count, since half of a pair is a credential, too."""
        engine = self._compiled()
        return tuple(match for path, content in files for match in self._matches(engine, path, content))

    def seal(self, value: str) -> str:
        """Return the keyed fingerprint of a value: equal values show as equal, and none can be guessed from it.

        It begins with the name of its key, so that one made elsewhere is told as such and not as an unknown value.
        """
        return f"{self.key_name}-{self._digest(value, 16)}"

    @property
    def key_name(self) -> str:
        """What every fingerprint made here begins with."""
        return self._digest("the name of the key", 4)

    def _digest(self, value: str, characters: int) -> str:
        return hmac.new(self._key(), value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:characters]

    def _compiled(self) -> "Engine":
        with self._lock:
            if self._engine is None:
                self._engine = _compile(self._directory)
            return self._engine

    def _matches(self, engine: "Engine", path: str, content: bytes) -> Iterator[PatternMatch]:
        try:
            found = engine.scan(content, timeout=FILE_TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise TimedOut(
                f"Scanning {path} for secrets took too long.", remedy="Split the file, or leave it out."
            ) from error
        except Exception as error:  # the native part has no error tree of its own
            raise ToolError(
                f"The secret scanner failed on {path}.", standing=type(error).__name__, remedy=_REMEDY
            ) from error
        diff = is_unified_diff(path, content)
        matches = {
            match.span: match
            for match in (
                self._match(path, content, one, diff=diff) for one in reversed(found) if one.rule_id not in _IDENTIFIERS
            )
        }
        yield from (matches[span] for span in sorted(matches))

    def _match(self, path: str, content: bytes, found: "Found", *, diff: bool) -> PatternMatch:
        start, end = found.location["start_offset"], found.location["end_offset"]
        line_start = content.rfind(b"\n", 0, start) + 1
        removed = diff and content[line_start : line_start + 1] == b"-"
        return PatternMatch(path, found.location["line"], found.rule_id, (start, end), self.seal(found.secret), removed)

    def _key(self) -> bytes:
        if self._given_key is None:
            self._given_key = _kept_key(self._directory / "fingerprint.key")
        return self._given_key


def shared_key(environ: Mapping[str, str]) -> bytes | None:
    """Read the key that an installation shares with its people; None where nobody gave one."""
    given = environ.get(KEY_VARIABLE, "").strip()
    if given and len(given) < _SHORTEST_SHARED:
        raise ToolError(
            f"{KEY_VARIABLE} is shorter than {_SHORTEST_SHARED} characters.",
            standing="Nothing was looked at.",
            remedy="Make one with `openssl rand -hex 32`, and give the same to Shipmate and to its people.",
        )
    return hashlib.sha256(given.encode()).digest() if given else None


def is_unified_diff(path: str, content: bytes) -> bool:
    """Tell a unified diff by its name or its first bytes."""
    return path.endswith((".diff", ".patch")) or content.startswith((b"diff --git ", b"--- a/"))


def _compile(directory: Path) -> "Engine":
    try:
        from kingfisher_sdk import Rules, Scanner as Native  # noqa: I001, PLC0415 - a missing wheel must become a ToolError

        cache = directory / "rules"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Native(Rules(confidence="low", cache_dir=cache))
    except ImportError as error:
        raise NotInstalled("The secret scanner is not installed.", remedy=_REMEDY) from error
    except Exception as error:  # the native part has no error tree of its own
        raise ToolError("The secret scanner did not start.", standing=str(error)[:200], remedy=_REMEDY) from error


def _kept_key(file: Path) -> bytes:
    """Read the installation's key, or make one; the first of several processes wins."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(_KEY_BYTES))
            _publish(fresh, file)
        return file.read_bytes()
    except OSError as error:
        raise ToolError(
            "The key of the fingerprints cannot be kept.", standing=str(error), remedy=f"Make {file.parent} writable."
        ) from error


def _publish(fresh: Path, file: Path) -> None:
    try:
        file.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
