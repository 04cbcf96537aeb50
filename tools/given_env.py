"""The env file as the bot was given it: in a variable of its own environment, such as ENV_FILE."""

from dataclasses import dataclass

from pydantic import SecretStr

from tools.env_file import settings_of
from tools.fingerprints import Fingerprints


@dataclass(frozen=True, slots=True)
class GivenEnv:
    """What is to be written; `content` is None where the variable is not set. Only names and the mark are ever told."""

    variable: str
    content: SecretStr | None
    fingerprints: Fingerprints

    @property
    def bytes(self) -> bytes:
        """Return the content as it is written: with a line end, whatever the variable's is."""
        text = self.content.get_secret_value() if self.content else ""
        return f"{text.rstrip()}\n".replace("\r\n", "\n").encode()

    @property
    def names(self) -> tuple[str, ...]:
        """List the names that it sets."""
        return tuple(sorted(dict(settings_of(self.bytes.decode()))))

    @property
    def mark(self) -> str | None:
        """Name the content without telling anything of it; None where there is none."""
        return self.fingerprints.of(self.bytes) if self.content else None
