import pytest

from guardrails.risks import risks


@pytest.mark.parametrize(
    ("path", "risk"),
    [
        ("db/migrations/0007_add.py", "database migration"),
        ("schema.sql", "database migration"),
        ("requirements-dev.txt", "dependencies change"),
        ("web/package-lock.json", "dependencies change"),
        ("uv.lock", "dependencies change"),
        ("server/Dockerfile.prod", "how the image is built changes"),
        ("docker-compose.server.yml", "how the service runs changes"),
        ("compose.yaml", "how the service runs changes"),
        (".github/workflows/release.yml", "how it is checked or released changes"),
    ],
)
def test_a_risky_path_is_named_with_its_risk(path: str, risk: str) -> None:
    assert risks([path]) == (f"{risk}: {path}",)


def test_one_risk_is_named_once_with_all_its_paths() -> None:
    assert risks(["b.sql", "app.py", "a.sql", "b.sql"]) == ("database migration: a.sql, b.sql",)


def test_ordinary_code_is_no_risk() -> None:
    assert risks(["app/main.py", "docs/compose.md", "src/App.tsx"]) == ()
