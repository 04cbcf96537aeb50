"""What an operator declares about where a service runs: servers with a compose file, or a deployment repository."""

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from config.duration import Duration
from config.local import LocalPath
from config.nearest import nearest
from config.rollout import Canary, ReverseProxy, Rolling
from config.settings import GITHUB_NAME, WEB_ADDRESS, Name, Settings, VariableName

Shipping = Literal["auto", "pull", "tunnel", "copy"]


class HostSettings(Settings):
    """A server that the service runs on."""

    name: Name
    address: str | None = None
    """Host name or IP address; absent: the machine the bot runs on, without SSH."""
    port: int = Field(default=22, ge=1, le=65535)
    user: str = "deploy"
    key: LocalPath | None = None
    """Private key file; the agent or the default keys where absent."""
    known_hosts: LocalPath | None = None
    """File with the server's host key; `~/.ssh/known_hosts` where absent. An unknown key is always refused."""


class ComposeTarget(Settings):
    """A directory on each host with a compose file in it."""

    kind: Literal["compose"] = "compose"
    hosts: tuple[HostSettings, ...] = Field(min_length=1)
    directory: PurePosixPath
    """Absolute directory on the host that holds the compose file, `.env` and the data."""
    file: PurePosixPath = PurePosixPath("docker-compose.yml")
    """Compose file in the repository; installed under its own name in the directory."""
    project: str | None = None
    """Compose project name; the service's name where absent."""
    directories: tuple[PurePosixPath, ...] = ()
    """Directories to create below `directory` before the start."""
    env_file: PurePosixPath | None = PurePosixPath(".env")
    """File with the service's variables that must be present on the host; null: none needed."""
    env_from: VariableName | None = None
    """Variable of the bot's own environment (`ENV_FILE`) whose content is written to `env_file`, mode 0600, at every
    deploy; absent: the file is the server's own."""
    prune: bool = False
    """Remove unused images after a verified deploy; those that a rollback needs are kept."""
    image_tag_variable: VariableName = "IMAGE_TAG"
    """Variable through which the compose file receives the tag."""
    strategy: Literal["recreate", "rolling", "canary"] = "recreate"
    """`recreate`: a short gap. `rolling`: the new version next to the old one, behind `proxy`; no request is lost.
    `canary`: some hosts first, each moved as `rolling` where there is a `proxy`, and compared with the others."""
    at_once: int = Field(default=1, ge=1, le=50)
    """So many hosts are moved side by side; the next ones follow only once these are healthy."""
    canary: Canary = Canary()
    proxy: ReverseProxy | None = None
    """Needed for `rolling`."""
    rolling: Rolling = Rolling()
    shipping: Shipping = "auto"
    """How images come to a host over SSH. `auto`: the first of the others that works, in this order. `pull`: the host
    pulls from the registry. `tunnel`: it pulls through the SSH connection, with the bot's login, only missing layers.
    `copy`: the whole image is sent with `docker save` and `docker load`."""
    archive: int = Field(default=3, ge=0, le=20)
    """How many image archives (tar) to keep on the host; 0: none."""
    minimum_free_bytes: int = 2 * 1024**3
    """Free disk that every host must have."""

    @property
    def rolls(self) -> bool:
        """Tell whether old and new stand next to each other on a host while it is moved."""
        return self.strategy == "rolling" or (self.strategy == "canary" and self.proxy is not None)

    @property
    def canaries(self) -> int:
        """Tell how many hosts go first."""
        return self.canary.hosts if self.strategy == "canary" else 0

    @property
    def share_percent(self) -> int:
        """Tell what part of a canary's requests its new version gets first; 0: all at once."""
        return (self.canary.share or 0) if self.strategy == "canary" else 0


class ArgoApplication(Settings):
    """The ArgoCD application that watches the deployment repository; the token is ARGOCD_TOKEN."""

    url: Annotated[str, StringConstraints(pattern=WEB_ADDRESS)]
    application: str
    sync_timeout: Duration = timedelta(minutes=2)
    """How long until it must be Synced and Healthy."""
    hard_refresh_after: Duration = timedelta(seconds=30)
    """A sync that is later than this is forced by a hard refresh."""


class GitopsTarget(Settings):
    """A file in a deployment repository that names the images which shall run."""

    kind: Literal["gitops"]
    repository: Annotated[str, StringConstraints(pattern=GITHUB_NAME)]
    """`owner/name` of the deployment repository on GitHub."""
    branch: str = "main"
    file: PurePosixPath
    """`values.yaml` of a chart, or a `kustomization.yaml`."""
    images: dict[Name, str] = Field(min_length=1)
    """Component -> where its tag stands: dotted path in values (`core.image.tag`), or image name in a kustomization."""
    argocd: ArgoApplication


_KINDS: dict[str, type[Settings]] = {"compose": ComposeTarget, "gitops": GitopsTarget}


def _target_kind(value: Any) -> str:
    """Tell which kind is meant, so that a mistyped or forgotten `kind` is the only fault that is told."""
    if not isinstance(value, dict):
        return str(getattr(value, "kind", "compose"))
    return nearest(str(value.get("kind", "")), _KINDS) or max(
        _KINDS, key=lambda kind: len(value.keys() & _KINDS[kind].model_fields.keys())
    )


Target = Annotated[
    Annotated[ComposeTarget, Tag("compose")] | Annotated[GitopsTarget, Tag("gitops")], Discriminator(_target_kind)
]
