"""Slack: both tokens, the scopes, and the channels the bot is to talk in."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from agents.entrypoints.checkup.check import Check, State, missing, ok, optional, settled, unknown
from agents.entrypoints.checkup.questions import SERVER_ERROR, TOO_MANY, Heard, Question, ask
from config.persons import GROUP, ROLES
from config.shipmate import Configuration

BOT, APP, SCOPES = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "scopes"
NEEDED_SCOPES = ("app_mentions:read", "chat:write", "commands")
HISTORY_SCOPES = ("channels:history", "groups:history")
"""One of them, for public or for private channels, lets a message that may have arrived be found again."""
GROUPS_SCOPE = "usergroups:read"
"""Needed where a user group approves, requests or operates."""
PICTURES_SCOPE = "files:write"
"""Only for the pictures of what was watched."""
_METHODS = {BOT: "auth.test", APP: "apps.connections.open"}
_WHERE = "of the app at https://api.slack.com/apps"
_REMEDIES = {
    BOT: f"Set SLACK_BOT_TOKEN to the bot token (xoxb-) from `OAuth & Permissions` {_WHERE}.",
    APP: f"Set SLACK_APP_TOKEN to an app-level token (xapp-) with connections:write from `Basic Information` {_WHERE}.",
    SCOPES: f"Add them as bot token scopes under `OAuth & Permissions` {_WHERE}, and install the app again.",
}
_CHANNEL_REMEDIES = {
    "channel_not_found": "Put the channel's id (channel name -> About) into {place}; a private channel is found only "
    "once the bot was invited.",
    "not_in_channel": "In that channel, type: /invite @ and the bot's name",
    "is_archived": "Put the id of another channel into {place}.",
}
_UNSET = {
    "releases_channel": "not set: cards go to the channel that the command is typed in",
    "escalation_channel": "not set: failures are escalated in the release's own channel",
}


async def slack_checks(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    """Look at everything the bot needs in Slack; nothing is posted."""
    credentials, settings = configuration.credentials, configuration.shipmate.slack
    bot, app = await asyncio.gather(
        _token(configuration, BOT, credentials.slack_bot_token, limit),
        _token(configuration, APP, credentials.slack_app_token, limit),
    )
    works = bot[0].state is State.OK
    channels = {"releases_channel": settings.releases_channel, "escalation_channel": settings.escalation_channel}
    found = [_channel(configuration, key, channel, limit, works=works) for key, channel in channels.items()]
    return (*bot[:1], *app, *bot[1:], *await asyncio.gather(*found))


def judged_token(name: str, heard: Heard) -> Check:
    """Tell from Slack's answer whether a token works."""
    if heard.body.get("ok") is True:
        who = " in ".join(str(heard.body[key]) for key in ("user", "team") if heard.body.get(key))
        return ok(name, who or "accepted")
    if _busy(heard):
        return unknown(name, "Slack asks to wait before the next question", "Try again in a minute.")
    return missing(name, f"Slack refuses it ({_error(heard)})", _REMEDIES[name])


def judged_scopes(heard: Heard, groups: Collection[str] = ()) -> Check:
    """Tell which scopes the app lacks; Slack names what it has in a header. `groups` are those that have a say."""
    told = heard.headers.get("x-oauth-scopes")
    if told is None:
        return unknown(SCOPES, "Slack did not tell them", f"Compare them by hand: {', '.join(NEEDED_SCOPES)}.")
    has = {scope.strip() for scope in told.split(",")}
    lacking = [scope for scope in NEEDED_SCOPES if scope not in has]
    if lacking:
        return missing(SCOPES, f"the app lacks {', '.join(lacking)}", _REMEDIES[SCOPES])
    if groups and GROUPS_SCOPE not in has:
        detail = f"without {GROUPS_SCOPE} nobody can tell who is in {', '.join(sorted(groups))}; only declared members"
        return missing(SCOPES, f"{detail} (`groups`) count", _REMEDIES[SCOPES])
    if not has.intersection(HISTORY_SCOPES):
        detail = f"without {' or '.join(HISTORY_SCOPES)} a message that may have arrived cannot be looked for"
        return optional(SCOPES, detail, _REMEDIES[SCOPES])
    if PICTURES_SCOPE not in has:
        detail = f"without {PICTURES_SCOPE} threads show no picture of what was watched after a deploy"
        return optional(SCOPES, detail, _REMEDIES[SCOPES])
    used = {*NEEDED_SCOPES, PICTURES_SCOPE, *HISTORY_SCOPES, *((GROUPS_SCOPE,) if groups else ())}
    return ok(SCOPES, ", ".join(sorted(has & used)))


def groups_with_a_say(configuration: Configuration) -> frozenset[str]:
    """List the user groups that approve, request, operate or may break the glass anywhere."""
    policies = [place.approval for one in configuration.services.values() for place in one.environments.values()]
    names = (name for policy in policies for role in ROLES for name in getattr(policy, role))
    return frozenset(filter(GROUP.fullmatch, names))


def judged_channel(key: str, channel: str, history: Heard, about: Heard, place: str) -> Check:
    """Tell whether the bot is in a channel that is in use, from its history or from what is known about it."""
    facts = about.body.get("channel") or {}
    error = _channel_error(history, facts)
    if not error:
        name = facts.get("name")
        return ok(key, f"#{name} ({channel})" if name else channel)
    if _busy(history):
        return unknown(key, "Slack asks to wait before the next question", "Try again in a minute.")
    if error == "missing_scope":
        detail = f"{channel}: whether the bot is in it cannot be told without {' or '.join(HISTORY_SCOPES)}"
        return unknown(key, detail, "See in the channel's members that the bot was invited.")
    remedy = _CHANNEL_REMEDIES.get(error, "Look the error up in Slack's documentation; the id stands in {place}.")
    return missing(key, f"{channel}: {error}", remedy.format(place=place))


def _channel_error(history: Heard, facts: Mapping[str, Any]) -> str:
    """Say in Slack's own words why nothing can be posted; empty where something can."""
    if facts.get("is_archived"):
        return "is_archived"
    if facts.get("is_member") is False:
        return "not_in_channel"
    seen = history.body.get("ok") is True or facts.get("is_member") is True
    return "" if seen else _error(history)


async def _token(
    configuration: Configuration, name: str, token: SecretStr | None, limit: timedelta
) -> tuple[Check, ...]:
    """Check a token; the bot's own tells its scopes, too."""
    if token is None:
        return (missing(name, "not set", _REMEDIES[name]),)
    scopes: list[Check] = []

    async def check() -> Check:
        heard = await ask(_question(configuration, token, _METHODS[name]))
        if name == BOT and heard.body.get("ok") is True:
            scopes.append(judged_scopes(heard, groups_with_a_say(configuration)))
        return judged_token(name, heard)

    return (await settled(name, check(), limit), *scopes)


async def _channel(
    configuration: Configuration, key: str, channel: str | None, limit: timedelta, *, works: bool
) -> Check:
    token, place = configuration.credentials.slack_bot_token, f"slack.{key} of {configuration.path}"
    if not channel:
        return optional(key, _UNSET[key], f"Put a channel's id into {place}.")
    if token is None or not works:
        return unknown(key, "not looked at, since the bot token does not work")
    return await settled(key, _seen(configuration, token, key, channel, place), limit)


async def _seen(configuration: Configuration, token: SecretStr, key: str, channel: str, place: str) -> Check:
    """Ask for the history, which the bot itself needs, and for the name, which the app may perhaps not know."""
    history, about = await asyncio.gather(
        ask(_question(configuration, token, "conversations.history", channel=channel, limit="1")),
        ask(_question(configuration, token, "conversations.info", channel=channel)),
    )
    return judged_channel(key, channel, history, about, place)


def _question(configuration: Configuration, token: SecretStr, method: str, **query: str) -> Question:
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    url = f"{configuration.credentials.slack_api_url}{method}"
    return Question("Slack", url, headers, "POST" if method in _METHODS.values() else "GET", query)


def _busy(heard: Heard) -> bool:
    return heard.status == TOO_MANY or heard.body.get("error") in ("ratelimited", "rate_limited")


def _error(heard: Heard) -> str:
    if heard.status >= SERVER_ERROR or not heard.body.get("error"):
        return f"status {heard.status}"
    return str(heard.body["error"])
