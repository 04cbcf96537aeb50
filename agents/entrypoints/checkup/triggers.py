"""Triggers: whether the bot hears of GitHub, and whether what it hears can be released and approved."""

from collections.abc import Iterator

from agents.entrypoints.checkup.check import Check, missing, ok, optional
from agents.policy import identities
from config.service import Environment, Service
from config.shipmate import Configuration
from guardrails.approval import GITHUB

SECRET = "GITHUB_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
SHORTEST_SECRET = 16
_MAKE_SECRET = f"Set {SECRET} to what `openssl rand -hex 32` prints, and enter the same at the webhook on GitHub."
_HEAR = (
    f"{_MAKE_SECRET} Without a public address, set polling.enabled in shipmate.yaml instead; or remove the triggers."
)


def trigger_checks(configuration: Configuration) -> tuple[Check, ...]:
    """Look at everything that releases by itself; nothing where nothing does."""
    set_off = [
        (service, name, place)
        for service in configuration.services.values()
        for name, place in service.environments.items()
        if _fires(place)
    ]
    if not set_off:
        gated = any(service.repository.gate for service in configuration.services.values())
        return tuple(_heard(configuration, "the gate never runs")) if gated else ()
    found = [*_hearing(configuration)]
    for service, name, environment in set_off:
        found += _environment(configuration, service, name, environment)
    return tuple(found)


def _fires(environment: Environment) -> bool:
    return bool(environment.triggers.branches or environment.triggers.tags or environment.triggers.releases)


def _access(configuration: Configuration) -> bool:
    credentials = configuration.credentials
    return bool(credentials.github_token or credentials.github_app_id)


def _hearing(configuration: Configuration) -> Iterator[Check]:
    yield from _heard(configuration, "no trigger ever fires")
    if configuration.shipmate.slack.releases_channel is None:
        detail = "not set: releases that nobody typed have no channel for their card"
        yield optional("slack.releases_channel", detail, "Set it in shipmate.yaml to a channel id, C0RELEASES.")


def _heard(configuration: Configuration, without: str) -> Iterator[Check]:
    heard = [*_webhooks(configuration), *_polling(configuration)]
    yield from heard or [optional(SECRET, f"not set, and GitHub is not asked for news: {without}", _HEAR)]


def _webhooks(configuration: Configuration) -> Iterator[Check]:
    secret, door = configuration.credentials.github_webhook_secret, configuration.shipmate.webhooks
    if secret and len(secret.get_secret_value()) < SHORTEST_SECRET:
        yield optional(SECRET, f"shorter than {SHORTEST_SECRET} characters: it could be guessed", _MAKE_SECRET)
    elif secret:
        yield ok(SECRET, f"webhooks are taken at {door.host}:{door.port}{door.path}")


def _polling(configuration: Configuration) -> Iterator[Check]:
    polling = configuration.shipmate.polling
    if polling.enabled and not _access(configuration):
        yield missing("polling", "GitHub cannot be asked without access to it", "Set GITHUB_TOKEN, or GITHUB_APP_ID.")
    elif polling.enabled:
        yield ok("polling", f"GitHub is asked every {polling.every.total_seconds():g} s")


def _environment(
    configuration: Configuration, service: Service, name: str, environment: Environment
) -> Iterator[Check]:
    key = f"{service.service} in {name}"
    if service.repository.github is None:
        yield missing(key, "has triggers, and nobody knows its repository on GitHub", "Set repository.github.")
        return
    if environment.triggers.after_checks and not _access(configuration):
        yield missing(key, "waits for checks that it cannot ask GitHub for", "Set GITHUB_TOKEN, or GITHUB_APP_ID.")
    strangers = _without_login(configuration, environment)
    if strangers:
        detail = f"nobody knows the GitHub login of {', '.join(strangers)}, who may not approve what may be their own"
        remedy = f'Name both under `people` in shipmate.yaml: {{hana: [{strangers[0]}, "{GITHUB}:LOGIN"]}}.'
        yield optional(f"{key}: approvers", detail, remedy)


def _without_login(configuration: Configuration, environment: Environment) -> tuple[str, ...]:
    policy, people = environment.approval, configuration.shipmate.people
    if policy.self_approval or policy.required == 0:
        return ()
    return tuple(
        person
        for person in policy.approvers
        if not any(one.startswith(f"{GITHUB}:") for one in identities(person, people))
    )
