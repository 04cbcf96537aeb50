"""P15 a named volume over files of the image is warned of."""

import pytest

from guardrails.shadowing import content_below, image_content_seen
from guardrails.verdict import Level
from tools.compose_file import ComposeService, Mount
from tools.layers import LayerFile


def layered(*layers: str) -> list[LayerFile]:
    return [LayerFile(n, f"layer {n}", path, 1) for n, paths in enumerate(layers, start=1) for path in paths.split()]


@pytest.mark.parametrize(
    ("layers", "count"),
    [
        (("/app/config/a /app/config/deep/b /app/configs/c /app/d",), 2),
        (("/app/config/a", "/app/config/a"), 1),
        (("/app/config/a /app/config/b", "/app/config/.wh.a"), 1),
        (("/app/config/a", "/app/config/.wh..wh..opq"), 0),
        (("/app/config/deep/a /app/config/deep/b", "/app/config/.wh.deep"), 0),
        (("/app/config/a", "/app/config/.wh.a", "/app/config/a"), 1),
        (("/app/other",), 0),
    ],
)
def test_what_an_image_has_at_a_place_is_counted_over_all_layers(layers: tuple[str, ...], count: int) -> None:
    assert content_below(layered(*layers), ["/app/config/", "/nothing"]) == ({"/app/config": count} if count else {})


@pytest.mark.parametrize(
    ("rule", "mount"),
    [
        ("volume-shadows-image", Mount("volume", "state", "/app/config/")),
        ("bind-hides-image", Mount("bind", "/srv/observer/config", "/app/config")),
        ("", Mount("tmpfs", "", "/app/config")),
        ("", Mount("volume", "state", "/app/data")),
    ],
)
def test_p15_a_mount_over_files_of_the_image_is_warned_of(rule: str, mount: Mount) -> None:
    verdict = image_content_seen(ComposeService("observer", mounts=(mount,)), {"/app/config": 3})
    assert [(f.rule, f.level) for f in verdict.findings] == ([(rule, Level.WARNING)] if rule else [])
    assert all("3 files" in finding.message for finding in verdict.findings)
