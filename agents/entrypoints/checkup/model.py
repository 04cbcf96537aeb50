"""The model: the key, and whether it may use the models that are set. Nothing is released later for want of it."""

import asyncio
from datetime import timedelta

from pydantic import SecretStr

from agents.entrypoints.checkup.check import Check, State, missing, ok, optional, settled, unknown
from agents.entrypoints.checkup.questions import Heard, Question, ask
from config.shipmate import Configuration

KEY = "ANTHROPIC_API_KEY"
_GOOD, _REFUSED, _ABSENT = 200, (401, 403), 404
_HOW = "Set ANTHROPIC_API_KEY to a key from https://console.anthropic.com/settings/keys"


async def model_checks(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    """Look at the key through the models it is to use."""
    key, settings = configuration.credentials.anthropic_api_key, configuration.shipmate.model
    if key is None:
        return (optional(KEY, "not set: summaries are written from facts only", f"{_HOW}."),)
    uses = {"model.summary": settings.summary, "model.diagnosis": settings.diagnosis}
    return tuple(
        await asyncio.gather(
            *(settled(use, _model(configuration, key, use, name), limit, State.UNKNOWN) for use, name in uses.items())
        )
    )


def judged_model(use: str, name: str, heard: Heard, settings: str) -> Check:
    """Tell from the answer about a model whether the key may use it."""
    if heard.status in _REFUSED:
        return missing(use, f"{KEY} is refused (status {heard.status})", f"{_HOW}, or unset it.")
    if heard.status == _ABSENT:
        return missing(use, f"there is no model {name} for this key", f"Set {use} in {settings} to one that there is.")
    if heard.status != _GOOD:
        return unknown(use, f"the service answers with status {heard.status}", "Try again in a minute.")
    lifecycle = heard.body.get("lifecycle")
    if isinstance(lifecycle, str) and lifecycle != "active":
        return optional(use, f"{name} is {lifecycle}", f"Set {use} in {settings} to a newer model.")
    return ok(use, name)


async def _model(configuration: Configuration, key: SecretStr, use: str, name: str) -> Check:
    headers = {"x-api-key": key.get_secret_value(), "anthropic-version": "2023-06-01"}
    url = f"{configuration.credentials.anthropic_base_url.rstrip('/')}/v1/models/{name}"
    return judged_model(use, name, await ask(Question("Anthropic", url, headers)), str(configuration.path))
