"""How much of the pipeline a change needs. What is left out is left out by a named rule; in doubt everything runs."""

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from config.service import Rule, Service
from config.sources import Category, Component, Suite, SuiteKind
from guardrails.categories import sides

Changed = Mapping[Category, tuple[str, ...]]

_CODE = frozenset({Category.FRONTEND, Category.BACKEND})
_RULES = {
    frozenset[Category](): Rule.NO_CHANGE,
    frozenset({Category.FRONTEND}): Rule.ONLY_FRONTEND,
    frozenset({Category.BACKEND}): Rule.ONLY_BACKEND,
    frozenset({Category.CONFIG}): Rule.ONLY_CONFIG,
}
_ACTIONS = {
    Rule.NO_CHANGE: ("skip_pipeline",),
    Rule.ONLY_FRONTEND: ("skip_backend_test",),
    Rule.ONLY_BACKEND: ("skip_performance_test",),
    Rule.ONLY_CONFIG: ("skip_unit_test", "skip_build", "skip_deploy"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, and why it was taken."""

    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What runs and what does not. A suite is either in `run` or in `skip`."""

    decisions: tuple[Decision, ...]
    run: tuple[str, ...] = ()
    """Suites to run."""
    skip: Mapping[str, str] = field(default_factory=dict)
    """Suite -> why it does not run."""
    build: tuple[str, ...] = ()
    """Components to build."""
    skip_all: bool = False
    deploy: bool = True


def scope(service: Service, files: Iterable[str], deployed: Collection[str] | None = None) -> Scope:
    """Decide what a change needs, by the rules that the service has switched on.

    `files` are all touched paths, old names of renamed files included. `deployed` names the components that have an
    image which can be kept (None: all); the others are always built.
    """
    files = tuple(files)
    changed = sides(files, service.categories)
    kept = service.components.keys() if deployed is None else deployed
    unbuilt = {name: why for name, why in _unbuilt(service, changed, files).items() if name in kept}
    rule = _RULES.get(frozenset(changed))
    reason = _reason(changed)
    if rule is None or rule not in service.rules:
        return _everything(service, unbuilt, reason)
    decisions = tuple(Decision(action, reason) for action in _ACTIONS[rule])
    if rule is Rule.NO_CHANGE:
        return Scope(decisions, skip=dict.fromkeys(service.suites, reason), skip_all=True, deploy=False)
    skip = {name: reason for name, suite in service.suites.items() if _spared(rule, suite)}
    run = tuple(name for name in service.suites if name not in skip)
    if rule is Rule.ONLY_CONFIG:
        return Scope(decisions, run, skip, deploy=False)
    return Scope((*decisions, *unbuilt.values()), run, skip, _built(service, unbuilt))


def _everything(service: Service, unbuilt: Mapping[str, Decision], reason: str) -> Scope:
    decisions = (Decision("run_everything", reason), *unbuilt.values())
    return Scope(decisions, tuple(service.suites), build=_built(service, unbuilt))


def _spared(rule: Rule, suite: Suite) -> bool:
    """Tell whether a rule spares this suite; one that covers what changed is never spared."""
    match rule:
        case Rule.ONLY_FRONTEND:
            return Category.BACKEND in suite.covers and Category.FRONTEND not in suite.covers
        case Rule.ONLY_BACKEND:
            return suite.kind is SuiteKind.PERFORMANCE and Category.BACKEND not in suite.covers
        case Rule.ONLY_CONFIG:
            return suite.kind is SuiteKind.UNIT and Category.CONFIG not in suite.covers
        case Rule.NO_CHANGE:
            return True


def _unbuilt(service: Service, changed: Changed, files: Sequence[str]) -> dict[str, Decision]:
    """Name the components that nothing changed for: nothing below their paths, or none of their categories.

    Categories tell only in a change of pure code; paths are an operator's word on all that an image is made of.
    """
    if not files:
        return {}
    pure = _CODE.issuperset(changed)
    return {
        name: Decision(f"skip_{name.replace('-', '_')}_build", reason)
        for name, component in service.components.items()
        if (reason := _untouched(name, component, files) or (_unconcerned(name, component, changed) if pure else ""))
    }


def _untouched(name: str, component: Component, files: Sequence[str]) -> str:
    if not component.paths or any(_is_below(path, place) for path in files for place in component.paths):
        return ""
    return f"{name}: nothing below {', '.join(component.paths)} changed"


def _is_below(path: str, place: str) -> bool:
    folder = posixpath.normpath(place)
    return folder in (".", path) or path.startswith(f"{folder}/")


def _unconcerned(name: str, component: Component, changed: Changed) -> str:
    return "" if _made_of(component, changed) else f"Nothing that {name} is made of changed."


def _made_of(component: Component, changed: Changed) -> bool:
    return not component.categories or not changed.keys().isdisjoint(component.categories)


def _built(service: Service, unbuilt: Mapping[str, Decision]) -> tuple[str, ...]:
    return tuple(name for name in service.components if name not in unbuilt)


def _reason(changed: Changed) -> str:
    if not changed:
        return "Nothing changed."
    only = "Only " if len(changed) == 1 else ""
    return f"{only}{', '.join(_told(category, files) for category, files in changed.items())} changed."


def _told(category: Category, files: tuple[str, ...]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{category} ({files[0]}{more})"
