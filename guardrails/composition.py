"""What a compose service must be: limited, with a health check that proves something, and modest."""

from config.contracts import Limits
from guardrails.healthcheck import health_proved
from guardrails.limits import limits_kept
from guardrails.privileges import least_privilege
from guardrails.verdict import Finding, Level, Verdict
from tools.compose_file import ComposeService, Healthcheck, Port

_EVERYWHERE = {"", "0.0.0.0", "::", "[::]"}  # noqa: S104 - recognised here, not listened on


def composition_sound(
    service: ComposeService, limits: Limits, *, image_health: tuple[str, ...] | None = None
) -> Verdict:
    """Judge one compose service by every rule that needs no other facts than the file.

    `image_health` is the health check of its image, which holds where the file has none.
    """
    test = _test_in_force(service.healthcheck, image_health)
    checked = limits_kept(service, limits) + health_proved(service.name, test)
    return checked + least_privilege(service) + ports_private(service)


def _test_in_force(own: Healthcheck | None, of_image: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if own is None:
        return of_image
    return ("NONE",) if own.disabled else own.test or of_image


def ports_private(service: ComposeService) -> Verdict:
    """Warn of ports that answer on every interface of the host."""
    return Verdict.of(
        Finding(
            rule="port-public",
            subject=f"{service.name}: {port.published or 'a free port'} -> {port.target}/{port.protocol}",
            message="It is published on every interface, past the host's firewall rules.",
            remedy=f"Publish it as `{_private(port)}` if only the host or a proxy on it needs it.",
            level=Level.WARNING,
        )
        for port in service.ports
        if port.host_ip in _EVERYWHERE
    )


def _private(port: Port) -> str:
    return f"127.0.0.1:{port.published}:{port.target}"


def name_kept(service: ComposeService, *, running_name: str | None) -> Verdict:
    """Warn of a fixed container name that changes: scripts and monitors that know the old one lose it."""
    if not service.container_name or running_name in {None, service.container_name}:
        return Verdict()
    finding = Finding(
        rule="container-renamed",
        subject=service.name,
        message=f"The container {running_name} would be called {service.container_name}.",
        remedy="Keep `container_name`, or tell those who use the old name.",
        level=Level.WARNING,
    )
    return Verdict.of([finding])
