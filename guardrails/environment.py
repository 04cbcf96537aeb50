"""The environment contract: names that must reach a service, and names that must not.

Values are never looked at, only names. For one name the order of precedence is: the
environment, then `deployment_config.json`, then the default in the code.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping

from config.contracts import EnvironmentContract
from guardrails.verdict import Finding, Level, Verdict

_READS = (
    r"(?:environ|[gG]etenv|LookupEnv|env::var|ENV\.fetch|process\.env|ENV)(?:\.(?:get|pop|setdefault))?\s*[\[(]\s*[\"']{name}[\"']"
    r"|process\.env\.{name}(?!\w)"
    r"|(?:alias|env|envvar)\s*=\s*[\"']{name}[\"']"
)
_SETS = r"(?:^|[\s\"'])(?:{name}[\"']?\s*[=:])|\$\{{?{name}(?!\w)"
_UNRESOLVED = re.compile(r"\$\{([A-Za-z_]\w*)\}", re.ASCII)
_SPELLED = r"[\"']{name}[\"']"
_SETTING_FILES = re.compile(
    r"(?:^|/)(?:[^/]*\.(?:ya?ml|env|sh|bash|toml|ini|cfg|json)|\.env[^/]*|[^/]*Dockerfile[^/]*)$"
)


def names_planned(contract: EnvironmentContract, service: str, sources: Mapping[str, Collection[str]]) -> Verdict:
    """Demand every required name, and no refused alias, from what will feed the container.

    `sources` maps each origin (`docker-compose.server.yml`, `.env`, `image`) to the names it sets.
    """
    given = {name for names in sources.values() for name in names}
    return Verdict.of((*_missing(contract, service, given, tuple(sources)), *_aliases(contract, service, sources)))


def names_injected(contract: EnvironmentContract, container: str, names: Collection[str]) -> Verdict:
    """Demand the same of the names that the running container really has."""
    found = _missing(contract, container, set(names), ("the running container",))
    return Verdict.of((*found, *_aliases(contract, container, {"the running container": names})))


def names_in_sources(contract: EnvironmentContract, files: Mapping[str, str]) -> Verdict:
    """Object to source and deploy files that read or set a refused alias, and warn of those that spell it out.

    Comments and prose may speak of it, and so may the code that refuses it.
    """
    return Verdict.of(
        Finding(
            rule="environment-alias-in-source" if level is Level.BLOCKING else "environment-alias-mentioned",
            subject=alias,
            message=f"{path} {verb} {alias}, which is a refused alias of {standard}.",
            remedy=f"Rename it to {standard} in {path}.",
            level=level,
            place=f"{path}:{number}",
        )
        for path, text in files.items()
        for alias, standard in contract.aliases.items()
        for number, level, verb in _uses(alias, path, text)
    )


def _missing(
    contract: EnvironmentContract, subject: str, given: Collection[str], origins: tuple[str, ...]
) -> Iterator[Finding]:
    standard_to_alias = {standard: alias for alias, standard in sorted(contract.aliases.items()) if alias in given}
    for name in set(contract.required) - set(given):
        alias = standard_to_alias.get(name)
        yield Finding(
            rule="environment-missing",
            subject=f"{subject}: {name}",
            message=f"{name} is required and not set by {', '.join(origins) or 'anything'}.",
            remedy=f"Rename {alias} to {name}."
            if alias
            else f"Set {name} in the compose file or in the host's `.env`.",
        )


def _aliases(contract: EnvironmentContract, subject: str, sources: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    for origin, names in sources.items():
        for alias in set(names) & set(contract.aliases):
            standard = contract.aliases[alias]
            yield Finding(
                rule="environment-alias",
                subject=f"{subject}: {alias}",
                message=f"{alias} is set by {origin}; it is a refused alias of {standard}.",
                remedy=f"Use the standard name {standard} instead of {alias}.",
                place="" if " " in origin else origin,
            )


def _uses(alias: str, path: str, text: str) -> Iterator[tuple[int, Level, str]]:
    form = f"{_READS}|{_SETS}" if _SETTING_FILES.search(path) else _READS
    used, spelled = (re.compile(pattern.format(name=re.escape(alias))) for pattern in (form, _SPELLED))
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(("#", "//")):
            continue
        if used.search(line):
            yield number, Level.BLOCKING, "uses"
        elif spelled.search(line):
            yield number, Level.WARNING, "spells out"


def names_fed(
    contract: EnvironmentContract, service: str, environment: Mapping[str, str | None], known: Collection[str]
) -> Verdict:
    """Demand that what required names take their values from is set on the host: they would be there, and empty.

    `known` are the names that the host or the env file sets, and those without which compose would not start at all.
    """
    return Verdict.of(
        Finding(
            rule="environment-empty",
            subject=f"{service}: {name}",
            message=f"{name} is required and would be empty: it comes from {', '.join(lacking)}, which nothing sets.",
            remedy=f"Set {lacking[0]} in the host's `.env`, or write `${{{lacking[0]}:?{lacking[0]} required}}`.",
        )
        for name in contract.required
        if name in environment
        for lacking in [sorted(_taken_from(name, environment[name]) - set(known))]
        if lacking
    )


def names_taken_from(required: Collection[str], environment: Mapping[str, str | None]) -> set[str]:
    """Name what the values of required names are taken from, where the compose file itself does not give them."""
    return {taken for name in required if name in environment for taken in _taken_from(name, environment[name])}


def _taken_from(name: str, value: str | None) -> set[str]:
    return {name} if value is None else set(_UNRESOLVED.findall(value))


def names_shadowed(service: str, environment: Collection[str], files: Mapping[str, str]) -> Verdict:
    """Warn of names that the compose file and `deployment_config.json` both set: the environment wins."""
    return Verdict.of(
        Finding(
            rule="environment-shadows",
            subject=f"{service}: {name}",
            message=f"{path} sets {name}, too, and has no say in it: the environment comes before the file.",
            remedy=f"Set {name} in one place only.",
            level=Level.WARNING,
            place=path,
        )
        for path, text in files.items()
        if path.rpartition("/")[2] == "deployment_config.json"
        for name in set(_keys(text)) & set(environment)
    )


def _keys(text: str) -> Collection[str]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(document) if isinstance(document, dict) else ()
