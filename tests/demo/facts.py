"""What is really the case: asked of the server, the service, the store and the neighbours, never of the cards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.entrypoints.export import export
from agents.entrypoints.standing import document
from agents.entrypoints.wiring import opened_store
from config.loading import load
from tests.emulators.slack.rendering import Renderer
from tests.emulators.slack.world import BOT_USER, Message
from tests.stage.conversation import ON_CALL, Conversation
from tests.stage.observer.repository import DEFAULT_SEED
from tests.stage.observer.site import ObserverSite
from tests.stage.observer.traps import invented_secret

SHOWN = "{{.Config.Image}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
PULL_REQUEST = 7


@dataclass(frozen=True, slots=True)
class Facts:
    """The world of one conversation, looked at from outside the bot."""

    chat: Conversation

    @property
    def site(self) -> ObserverSite:
        """The place it is about."""
        return self.chat.site

    def answers(self) -> str:
        """Tell the version that the service itself reports, or what it answers instead."""
        status, body = self.site.answer("/health")
        return str(json.loads(body).get("version", "")) if status == 200 else f"status {status}: {body}"

    def container(self) -> str:
        """Tell which version the server's container was made from, and how it is."""
        shown = self._inspected(SHOWN).split()
        return ", ".join([shown[0].rpartition(":")[2], *shown[1:]]) if shown else "none"

    def identity(self) -> str:
        """Name the container and its start: the same name later means that nobody touched it."""
        return self._inspected("{{.Id}} {{.State.StartedAt}} {{.RestartCount}}")

    def last_good_tag(self) -> str:
        """Read what stands on the server as the last good version."""
        file = self.site.server_directory / "last_good_tag"
        return file.read_text().strip() if file.exists() else "none"

    async def pipeline(self) -> Mapping[str, Any]:
        """Give the newest release as the export tells it."""
        async with opened_store(load(self.site.config, {})) as store:
            exported = await export(store)
        newest: Mapping[str, Any] = exported["pipelines"][-1]
        return newest

    async def target(self) -> Mapping[str, Any]:
        """Give the standing of the service in production."""
        configuration = load(self.site.config, {})
        async with opened_store(configuration) as store:
            told = await document("status", store, configuration.services, "observer", "production")
        standing: Mapping[str, Any] = told["targets"][0]
        return standing

    def comments(self) -> int:
        """Count the comments on the pull request behind v1.2.3."""
        return sum(one.issue == PULL_REQUEST for one in self.chat.github["acme/observer"].comments.values())

    def escalations(self) -> int:
        """Count the messages that called for a person on call."""
        return sum(m.author == BOT_USER and not m.thread_ts for m in self.chat.slack.messages(ON_CALL))

    def asked(self, card: Message) -> str:
        """Tell whether a card offered its button to anybody, at any moment of its life."""
        renderer = Renderer(self.chat.slack.world)
        asked = any("[Approve]" in renderer.blocks(version.blocks) for version in card.versions)
        return "somebody" if asked else "nobody"

    def leaks(self) -> str:
        """Name everything that tells the secret of v1.2.6."""
        secret = invented_secret(DEFAULT_SEED)
        return ", ".join(name for name, told in self.chat.everything_told().items() if secret in told) or "nowhere"

    def _inspected(self, template: str) -> str:
        server = self.site.stage.server
        found = server.docker("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.service=observer").split()
        return server.docker("inspect", "--format", template, *found[:1]).strip() if found else ""
