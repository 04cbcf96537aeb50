"""The sample monorepo: what each version changes, what its deployment repository says, and that its images run."""

import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from config.loading import load
from config.service import Service
from config.targets import GitopsTarget
from guardrails.scope import scope
from tests.stage.astrago import deployments
from tests.stage.astrago.history import FIRST, GOOD, OTHERS, Version
from tests.stage.astrago.repository import COMPONENTS, NODE_BASE, PYTHON_BASE, SERVER_BASE, build_astrago, push
from tests.stage.astrago.writing import git
from tests.stage.images import PYTHON
from tests.stage.observer.tree import replaced
from tests.stage.stage import Stage
from tests.stage.web_images import BUSYBOX, NODE
from tools.gitops_pins import Pin, edited, pins

ROOT = Path(__file__).parents[2]
IMAGES = {name: (f"ghcr.io/acme/astrago-{name}", f"{name}-stage-00000000") for name in COMPONENTS}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_astrago(tmp_path_factory.mktemp("astrago") / "astrago.git")


@pytest.fixture(scope="module")
def service() -> Service:
    return load(ROOT / "config/shipmate.yaml", {}).services["astrago"]


def test_the_same_arguments_make_the_same_commits(bare: Path, tmp_path: Path) -> None:
    again = build_astrago(tmp_path / "again.git")
    assert git(again, "show-ref") == git(bare, "show-ref")


@pytest.mark.parametrize("version", [*GOOD, *OTHERS], ids=lambda version: version.tag)
def test_a_version_obliges_to_build_what_it_changed(bare: Path, service: Service, version: Version) -> None:
    files = git(bare, "diff", "--name-only", version.on, version.tag).splitlines()
    assert scope(service, files, COMPONENTS).build == version.built


def test_commits_name_their_issues(bare: Path) -> None:
    told = git(bare, "log", "--format=%B", f"{FIRST}..{GOOD[-1].tag}")
    assert {issue for issue in ("BE-577", "BE-581", "BE-590") if issue in told} == {"BE-577", "BE-581", "BE-590"}


def test_a_push_moves_main_and_leaves_no_tag(tmp_path: Path) -> None:
    own = build_astrago(tmp_path / "own.git")
    before = git(own, "tag")
    commit = push(own, replaced("README.md", "Astrago", "Astro"), "Shorten")
    assert git(own, "rev-parse", "main").strip() == commit
    assert git(own, "tag") == before


@pytest.mark.parametrize("environment", deployments.ENVIRONMENTS)
def test_the_deployment_repository_names_what_runs_and_is_written_in_place(
    service: Service, environment: str, tmp_path: Path
) -> None:
    bare = deployments.build_deployments(tmp_path / "deployments.git", lambda _: IMAGES)
    target = service.environments[environment].target
    assert isinstance(target, GitopsTarget)
    kustomization = f"astrago/overlays/{environment}/kustomization.yaml"
    for file, places in ((str(target.file), target.images), (kustomization, {name: name for name in COMPONENTS})):
        text = git(bare, "show", f"main:{file}")
        standing = pins(text, PurePosixPath(file), places)
        assert standing == {name: Pin(tag, image) for name, (image, tag) in IMAGES.items()}
        wanted = {name: Pin(f"{name}-stage-1a2b3c4d", image) for name, (image, _) in IMAGES.items()}
        after = edited(text, PurePosixPath(file), places, wanted)
        assert after == text.replace("-stage-00000000", "-stage-1a2b3c4d")


@pytest.fixture(scope="module")
def images(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Build the first version's images, each by its own Dockerfile."""
    registry = stage.registry.address
    bases = {PYTHON_BASE: f"{registry}/{PYTHON}", NODE_BASE: f"{registry}/{NODE}", SERVER_BASE: f"{registry}/{BUSYBOX}"}
    directory = tmp_path_factory.mktemp("images")
    bare, sources = build_astrago(directory / "astrago.git", bases), directory / "sources"
    sources.mkdir()
    git(bare, "--work-tree", str(sources), "checkout", "--quiet", "--force", FIRST, "--", ".")
    service = load(ROOT / "config/shipmate.yaml", {}).services["astrago"]
    made = {}
    for name, component in service.components.items():
        made[name] = f"contract/astrago-{name}:1"
        where = ("--file", str(sources / component.dockerfile), str(sources / component.context))
        arguments = ("--build-arg", "VERSION=v1.0.0", "--tag", made[name])
        stage.bot.docker("buildx", "build", "--load", "--quiet", *arguments, *where)
    yield made
    stage.bot.docker("rmi", "--force", *made.values())


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_image_runs_and_becomes_healthy(stage: Stage, images: dict[str, str], component: str) -> None:
    container = stage.bot.docker("run", "--detach", images[component]).strip()
    try:
        assert _health(stage, container) == "healthy", stage.bot.docker("logs", container)
    finally:
        stage.bot.docker("rm", "--force", container)


def _health(stage: Stage, container: str) -> str:
    end, status = time.monotonic() + 20, "starting"
    while status == "starting" and time.monotonic() < end:
        status = stage.bot.docker("inspect", "--format", "{{.State.Health.Status}}", container).strip()
        time.sleep(0.1)
    return status
