"""The model: it reads what the tools found and writes for people. Whatever goes wrong with it is `None`."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from agents.words.briefs import answer_material, failure_material, instructions, release_material
from agents.words.claims import Draft, Words, ground
from agents.words.excerpt import excerpt
from agents.words.facts import ReleaseFacts
from agents.words.inquiry import TOOLS, Inquiry
from config.shipmate import ModelSettings

if TYPE_CHECKING:
    from anthropic.types import (
        Message,
        MessageParam,
        OutputConfigParam,
        ToolChoiceAutoParam,
        ToolChoiceNoneParam,
        ToolParam,
        ToolResultBlockParam,
    )

log = logging.getLogger(__name__)

_LONGEST_EXPLANATION = 1500
_CALLS_A_TURN = 4
Redact = Callable[[str], str]


class Narrator:
    """Writes summaries and explanations; nothing it writes is read by a gate.

    Only where it explains a failure has it tools: they read what was gathered before, and nothing else.
    """

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
            redacted = await asyncio.to_thread(self._redact, diff)  # first: what is cut could get past it
            shown = await asyncio.to_thread(excerpt, redacted, self._settings.diff_budget_bytes)
            material = self._redact(release_material(facts, shown))
            answer = await self._conversation(self._settings.summary, "summary", material, self._form)
            draft = Draft.model_validate_json(answer)
            return ground(draft, self._settings.summary, facts, shown, self._settings.diff_budget_bytes)
        except Exception as error:  # noqa: BLE001 - the one place where every failure of the model ends
            _tell("summary", error)
            return None

    @property
    def largest_answer_bytes(self) -> int:
        """Tell how much one of its tools may answer."""
        return self._settings.diagnosis_answer_bytes

    async def explain_failure(self, evidence: Mapping[str, Any], inquiry: Inquiry | None = None) -> str | None:
        """Explain a failure in a few sentences; None when the model fails in any way, or does not come to an end."""
        try:
            material = self._redact(failure_material(evidence))
            async with asyncio.timeout(self._settings.diagnosis_timeout.total_seconds()):
                answer = await self._inquire(material, inquiry or Inquiry())
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
        return _said(message)

    async def _inquire(self, material: str, inquiry: Inquiry) -> str:
        """Let the model look at the evidence for a few turns; on the last, or with its tokens spent, it must answer."""
        messages: list[MessageParam] = [{"role": "user", "content": material}]
        spent = 0
        for turn in range(self._settings.diagnosis_turns):
            last = turn + 1 == self._settings.diagnosis_turns or spent >= self._settings.diagnosis_tokens
            message = await self._look(messages, last=last)
            if last or message.stop_reason != "tool_use":
                return _said(message)
            spent += message.usage.input_tokens + message.usage.output_tokens
            messages += [
                {"role": "assistant", "content": message.to_param()["content"]},
                {"role": "user", "content": self._answers(message, inquiry)},
            ]
        return ""

    async def _look(self, messages: "list[MessageParam]", *, last: bool) -> "Message":
        tools: list[ToolParam] = [{**tool} for tool in TOOLS]  # type: ignore[typeddict-item] # plain JSON
        choice: ToolChoiceNoneParam | ToolChoiceAutoParam = {"type": "none"} if last else {"type": "auto"}
        return await self._client.messages.create(
            model=self._settings.diagnosis,
            max_tokens=self._settings.max_tokens,
            system=instructions("failure"),
            messages=messages,
            tools=tools,
            tool_choice=choice,
            output_config={"effort": "medium"},
            timeout=self._settings.diagnosis_timeout.total_seconds(),
        )

    def _answers(self, message: "Message", inquiry: Inquiry) -> "list[ToolResultBlockParam]":
        """Answer every call; more than a few at once are not looked up."""
        calls = [block for block in message.content if block.type == "tool_use"]
        answers: list[ToolResultBlockParam] = []
        for number, call in enumerate(calls):
            found = inquiry.answer(call.name, call.input) if number < _CALLS_A_TURN else "Too many calls at once."
            shown = self._redact(answer_material(found))
            answers.append({"type": "tool_result", "tool_use_id": call.id, "content": shown})
        return answers


def _said(message: "Message") -> str:
    """Return the text of a complete answer."""
    if message.stop_reason != "end_turn":
        raise ValueError(f"the model stopped with {message.stop_reason}")
    return "".join(block.text for block in message.content if block.type == "text")


def _tell(what: str, error: Exception) -> None:
    # The error's own text may hold parts of the request.
    log.warning("no words for the %s: %s", what, type(error).__name__)
