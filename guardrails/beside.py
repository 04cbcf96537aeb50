"""What a compose service must be so that two versions of it can stand next to each other on one host."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from guardrails.verdict import Finding, Verdict
from tools.compose_file import ComposeService

SINGLE_WRITERS = frozenset(
    {
        *("cassandra", "couchdb", "elasticsearch", "etcd", "influxdb", "mariadb", "memcached", "minio", "mongo"),
        *("mongodb", "mysql", "nats", "neo4j", "opensearch", "percona", "pgvector", "postgis", "postgres"),
        *("postgresql", "prometheus", "rabbitmq", "redis", "timescaledb", "valkey", "zookeeper"),
    }
)
"""Names of images of which two must never write to the same data."""


def stands_beside(service: ComposeService) -> Verdict:
    """Object to whatever lets a second container of a routed service fail, or both damage each other."""
    return Verdict.of((*_named_twice(service), *_networked(service), *_counted(service), *_kept(service)))


def port_free(container: str, host: str, listen: int | None, published: Collection[int]) -> Verdict:
    """Object to a container from before the proxy that holds the very port at which the proxy shall be asked."""
    if listen is None or listen not in published:
        return Verdict()
    finding = Finding(
        rule="port-held",
        subject=f"{container} on {host}: port {listen}",
        message="It publishes the port itself at which the proxy shall take requests, and goes on beside the new one.",
        remedy=f"Choose another `listen` port for the proxy, and send users there. Or take one gap: stop {container}, "
        "set the proxy up (`./shipmate host setup`) and release again; then there is no container to go back to.",
    )
    return Verdict.of([finding])


def _named_twice(service: ComposeService) -> Iterator[Finding]:
    if service.container_name:
        yield Finding(
            rule="container-name-fixed",
            subject=f"{service.name}: container_name {service.container_name}",
            message="Two containers cannot have one name, so the new version could not start beside the old one.",
            remedy="Remove `container_name`: compose numbers the containers.",
        )
    for port in service.ports:
        yield Finding(
            rule="port-published",
            subject=f"{service.name}: {port.published or 'a free port'} -> {port.target}/{port.protocol}",
            message="Two containers cannot publish one port, and only the proxy shall be asked from outside.",
            remedy=f"Remove it from `ports:`; requests reach {port.target} through the proxy (`proxy.routes`).",
        )


def _networked(service: ComposeService) -> Iterator[Finding]:
    if mode := service.raw.get("network_mode"):
        yield Finding(
            rule="network-mode",
            subject=f"{service.name}: network_mode {mode}",
            message="An instance without a network of its own has no address at which the proxy could ask it.",
            remedy="Remove `network_mode`.",
        )
    for name, settings in _mapping(service.raw.get("networks")).items():
        for key in ("ipv4_address", "ipv6_address", "mac_address"):
            if address := _mapping(settings).get(key):
                yield Finding(
                    rule="address-fixed",
                    subject=f"{service.name}: {key} {address} in {name}",
                    message="Two containers cannot have one address.",
                    remedy=f"Remove `{key}`; others find the service by its name.",
                )


def _counted(service: ComposeService) -> Iterator[Finding]:
    wanted = _mapping(service.raw.get("deploy")).get("replicas", service.raw.get("scale"))
    if wanted not in {None, 1}:
        yield Finding(
            rule="replicas",
            subject=f"{service.name}: {wanted} replicas",
            message="A rolling release moves one instance per host: the others would stay as they are.",
            remedy="Set `deploy.replicas` and `scale` to 1 or remove them; more instances need more hosts.",
        )


def _kept(service: ComposeService) -> Iterator[Finding]:
    if service.raw.get("restart") in {None, "", "no", False}:
        yield Finding(
            rule="restart-absent",
            subject=service.name,
            message="Nothing starts it again after a crash or a restart of the host: the proxy would ask nobody.",
            remedy="Set `restart: unless-stopped`.",
        )
    if kind := _single_writer(service.image):
        yield Finding(
            rule="single-writer",
            subject=f"{service.name}: {service.image}",
            message=f"Two of {kind} on the same data destroy it, and a rolling release lets both run.",
            remedy="Remove its route from `proxy.routes`: a component without one is recreated.",
        )


def _single_writer(image: str) -> str:
    """Go by the last word of the image's name; a tag from a variable is no part of it."""
    name = image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return name if name in SINGLE_WRITERS else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
