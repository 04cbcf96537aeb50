"""The model: it reads what the tools found and writes for people. Whatever goes wrong with it is `None`."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from agents.words.briefs import failure_material, instructions, release_material
from agents.words.claims import Draft, Words, ground
from agents.words.excerpt import excerpt
from agents.words.facts import ReleaseFacts
from config.shipmate import ModelSettings

if TYPE_CHECKING:
    from anthropic.types import OutputConfigParam

log = logging.getLogger(__name__)

_LONGEST_EXPLANATION = 1500
Redact = Callable[[str], str]


class Narrator:
    """Writes summaries and explanations. It has no tools, and nothing it writes is read by a gate."""

    def __init__(self, settings: ModelSettings, api_key: SecretStr, base_url: str, redact: Redact) -> None:
        # Importing the SDK takes over a second, and a bot without a key never needs it.
        from anthropic import AsyncAnthropic, transform_schema  # noqa: PLC0415

        self._settings = settings
        self._redact = redact
        self._form: OutputConfigParam = {
            "effort": "low",
            "format": {"type": "json_schema", "schema": transform_schema(Draft)},
        }
        self._client = AsyncAnthropic(api_key=api_key.get_secret_value(), base_url=base_url)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def summarise(self, facts: ReleaseFacts, diff: str) -> Words | None:
        """Describe a release, each claim held against its diff; None when the model fails in any way."""
        try:
            shown = await asyncio.to_thread(excerpt, self._redact(diff), self._settings.diff_budget_bytes)
            material = self._redact(release_material(facts, shown))
            answer = await self._conversation(self._settings.summary, "summary", material, self._form)
            draft = Draft.model_validate_json(answer)
            return ground(draft, self._settings.summary, facts, shown, self._settings.diff_budget_bytes)
        except Exception as error:  # noqa: BLE001 - the one place where every failure of the model ends
            _tell("summary", error)
            return None

    async def explain_failure(self, evidence: Mapping[str, Any]) -> str | None:
        """Explain a failure in a few sentences; None when the model fails in any way."""
        try:
            material = self._redact(failure_material(evidence))
            answer = await self._conversation(self._settings.diagnosis, "failure", material, {"effort": "medium"})
            return answer.strip()[:_LONGEST_EXPLANATION] or None
        except Exception as error:  # noqa: BLE001 - as above
            _tell("failure", error)
            return None

    async def _conversation(self, model: str, prompt: str, material: str, config: "OutputConfigParam") -> str:
        """Ask once and return the text of a complete answer; one limit in time covers everything, retries included."""
        limit = self._settings.timeout.total_seconds()
        async with asyncio.timeout(limit):
            message = await self._client.messages.create(
                model=model,
                max_tokens=self._settings.max_tokens,
                system=instructions(prompt),
                messages=[{"role": "user", "content": material}],
                output_config=config,
                timeout=limit,
            )
        if message.stop_reason != "end_turn":
            raise ValueError(f"the model stopped with {message.stop_reason}")
        return "".join(block.text for block in message.content if block.type == "text")


def _tell(what: str, error: Exception) -> None:
    # The error's own text may hold parts of the request.
    log.warning("no words for the %s: %s", what, type(error).__name__)
