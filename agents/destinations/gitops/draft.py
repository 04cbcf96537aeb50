"""A plan for a deployment repository, drawn up from facts. Drawn twice from the same world it has one digest. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agents.destinations.gitops.sight import Seen, is_empty
from agents.wanted import Wanted
from agents.words.differences import Difference, Sort
from config.service import Service
from config.targets import GitopsTarget
from guardrails.plan import Intended, Plan, PlannedComponent, PlannedStep, WayBack
from guardrails.plan_targets import GitopsPlan, Pinned, PlannedPin
from tools.gitops import Change, Standing
from tools.gitops_pins import Pin, aim

STRATEGY = "gitops"


def draft(service: Service, environment: str, target: GitopsTarget, wanted: Wanted, seen: Seen) -> Plan:
    """Draw up the plan: every component in one commit.

    Raises `NotFound` where the file has no place for the name of a fallback image.
    """
    stands = seen.standing.pins if seen.standing else {}
    place = target.argocd.application
    images = {name: wanted.images[name] for name in service.components}
    return Plan(
        service=service.service,
        environment=environment,
        version=wanted.version,
        commit=wanted.commit,
        components=tuple(_component(name, image) for name, image in images.items()),
        target=GitopsPlan(
            repository=target.repository,
            branch=target.branch,
            file=str(target.file),
            pins=tuple(_pin(name, service, target, stands[name], image) for name, image in images.items()),
            argocd=target.argocd.url,
            application=place,
            head=seen.standing.commit if seen.standing else "",
        ),
        strategy=STRATEGY,
        steps=tuple(_step(name, place, stands[name], image) for name, image in images.items()),
        ways_back=(_way_back(place, seen),),
        expected_downtime=timedelta(0),
        notes=_notes(target, seen),
    )


def changes(plan: Plan) -> dict[str, Change]:
    """Tell what the commit of a plan changes: component -> what must stand there, and what shall."""
    before = {step.component: step.before for step in plan.steps if isinstance(step.before, Pinned)}
    return {
        pin.component: Change(_stood(before[pin.component]), Pin(pin.tag, pin.image, pin.digest))
        for pin in plan.gitops.pins
    }


def differences(plan: Plan) -> tuple[Difference, ...]:
    """Render the change of the file, a line for each image that changes."""
    places = {pin.component: pin.place for pin in plan.gitops.pins}
    return tuple(
        Difference(Sort.CHANGED, plan.gitops.file, places[name], f"{change.before} -> {change.after}")
        for name, change in changes(plan).items()
        if change.before != change.after
    )


def _component(name: str, image: Mapping[str, Any]) -> PlannedComponent:
    sizes = (image.get("size_bytes"), image.get("previous_size_bytes"))
    return PlannedComponent(name, image["image"], image["tag"], image["digest"], *sizes)


def _pin(name: str, service: Service, target: GitopsTarget, stands: Pin, image: Mapping[str, Any]) -> PlannedPin:
    component, built = service.components[name], Pin(image["tag"], image["image"], image["digest"])
    shall = aim(stands, built, component.image, component.fallback)
    return PlannedPin(name, target.images[name], shall.tag, shall.image, shall.digest)


def _step(name: str, place: str, stands: Pin, image: Mapping[str, Any]) -> PlannedStep:
    before = Pinned(stands.tag, stands.image, stands.digest)
    return PlannedStep(name, place, before, Intended(image["image"], image["tag"], image["digest"]))


def _way_back(place: str, seen: Seen) -> WayBack:
    pins = seen.standing.pins if seen.standing else {}
    lost = [str(pins[name]) for name, kept in seen.previous.items() if not kept]
    if lost:
        return WayBack(place, possible=False, reason=f"not seen in its registry: {', '.join(lost)}")
    if all(map(is_empty, pins.values())):
        return WayBack(place, possible=True, reason="first deploy: going back means emptying the places again")
    return WayBack(place, possible=True, reason="the tags that stand there now are written back; their images exist")


def _notes(target: GitopsTarget, seen: Seen) -> tuple[str, ...]:
    head = _at(target, seen.standing) if seen.standing else ""
    live = f"ArgoCD: {target.argocd.application} is {seen.application.told}." if seen.application else ""
    return tuple(filter(None, (head, live)))


def _at(target: GitopsTarget, standing: Standing) -> str:
    return f"One commit to {target.file} in {target.repository}, on top of {standing.commit[:8]} ({target.branch})."


def _stood(before: Pinned) -> Pin:
    return Pin(before.tag, before.image, before.digest)
