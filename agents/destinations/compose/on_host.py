"""A compose file as one host reads it: with the variables that its mounts are made of. Their values are never told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.survey import Surveyed
from agents.toolbox import Server, Toolbox
from guardrails.compose_text import mount_variables
from guardrails.verdict import Finding, Verdict
from tools.compose_reading import read_compose
from tools.env_file import settings_of
from tools.tasks import side_by_side

# A variable that is not exported prints nothing, not even its name.
_EXPORTED = 'for name; do if value=$(printenv "$name"); then printf "%s=%s\\n" "$name" "$value"; fi; done'


@dataclass(frozen=True, slots=True)
class OnHost:
    """What a release wants to run as one host will read it."""

    wanted: Composed
    values: Mapping[str, str]
    """Of the variables in its mounts, as far as the host gives them a value."""

    def told(self, verdict: Verdict) -> Verdict:
        """Say the variables again where a verdict has their values."""
        return Verdict.of(self._told(finding) for finding in verdict.findings)

    def _told(self, finding: Finding) -> Finding:
        say = self._say
        return replace(finding, subject=say(finding.subject), message=say(finding.message), remedy=say(finding.remedy))

    def _say(self, text: str) -> str:
        for name, value in sorted(self.values.items(), key=lambda one: -len(one[1])):
            if len(value.strip("./")) > 1:
                text = text.replace(value, f"${{{name}}}")
        return text


async def on_hosts(tools: Toolbox, wanted: Composed, surveyed: Sequence[Surveyed]) -> dict[str, OnHost]:
    """Read the compose file as every host that was reached would; once more only where its mounts have variables."""
    names = sorted(_variables(tools, wanted))
    reached = [host.name for host in surveyed if host.reachable]
    read = await side_by_side(reached, lambda name: _on_host(tools, wanted, tools.servers[name], names))
    return dict(zip(reached, read, strict=True))


def _variables(tools: Toolbox, wanted: Composed) -> set[str]:
    services = [tools.service.compose_service(component) for component in tools.service.components]
    found = {name for service in services for name in mount_variables(wanted.compose_text, service)}
    return found - {tools.environment.compose.image_tag_variable}


async def _on_host(tools: Toolbox, wanted: Composed, server: Server, names: Sequence[str]) -> OnHost:
    values = await _values(tools, server, names) if names else {}
    if not values:
        return OnHost(wanted, {})
    target = tools.environment.compose
    compose = await read_compose(
        wanted.compose_text.encode(),
        project_directory=target.directory,
        project=tools.service.project(target),
        variables=values,
    )
    return OnHost(replace(wanted, compose=compose), values)


async def _values(tools: Toolbox, server: Server, names: Sequence[str]) -> dict[str, str]:
    """Take what the host gives to commands, and what the env file sets; compose lets the first win."""
    target = tools.environment.compose
    content = await server.host.read(target.directory / target.env_file) if target.env_file else None
    given = tools.given_env.bytes if tools.given_env else content or b""
    set_there = dict(settings_of(given.decode(errors="replace")))
    answer = (await server.host.run(("sh", "-c", _EXPORTED, "exported", *names))).require(
        f"Looking at the environment of {server.name}"
    )
    exported = dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)
    known = set_there | exported
    return {name: known[name] for name in names if known.get(name)}
