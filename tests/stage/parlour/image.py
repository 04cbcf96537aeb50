"""Images of the sample service, put into a registry without any engine: another version costs milliseconds."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.stage.commands import execute
from tests.stage.images import ENVIRONMENT, bases_layers
from tests.stage.oci import Layer, pack, publish
from tests.stage.registry import Registry

SOURCE = Path(__file__).with_name("source")
PORT = 8000


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a version starts, serves and ends."""

    start_seconds: float = 1.0
    ending: str = "finish"
    """On SIGTERM: `finish` what is under way, `drain` (serve on for two seconds), `exit` at once, `ignore`; or `crash`,
    which happens at the start."""
    failing: float = 0.0
    """Share of its answers to GET / that are 500."""
    slower_seconds: float = 0.0
    """What every answer to GET / takes longer."""

    def variables(self, version: str) -> list[str]:
        """Tell the service's variables."""
        return [
            *ENVIRONMENT,
            "PYTHONUNBUFFERED=1",
            f"VERSION={version}",
            f"START_SECONDS={self.start_seconds:g}",
            f"ENDING={self.ending}",
            f"FAILING={self.failing:g}",
            f"SLOWER_SECONDS={self.slower_seconds:g}",
        ]


def publish_parlour(registry: Registry, scratch: Path, version: str, behaviour: Behaviour | None = None) -> str:
    """Put one version into a registry as `acme/parlour:VERSION`; returns `ADDRESS/acme/parlour:VERSION`."""
    config = {
        "Env": (behaviour or Behaviour()).variables(version),
        "Cmd": ["python3", "/app/parlour.py"],
        "User": "10001:10001",
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "Labels": {"org.opencontainers.image.version": version},
    }
    python, _ = bases_layers()
    machine = execute(["dpkg", "--print-architecture"]).strip()
    name = f"acme/parlour:{version}"
    publish(registry, name, [python, _layer(scratch)], config, machine)
    return f"{registry.address}/{name}"


def _layer(scratch: Path) -> Layer:
    root = scratch / "parlour-layer"
    shutil.rmtree(root, ignore_errors=True)
    (root / "app").mkdir(parents=True)
    shutil.copyfile(SOURCE / "parlour.py", root / "app" / "parlour.py")
    return pack(root, scratch / "parlour-layer.tar.gz")
