"""What in a change deserves a second look before it is approved, told from paths alone."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

_RISKS = {
    "database migration": ("migrations/", "prisma/", "drizzle/", "alembic/versions/", "*.sql"),
    "dependencies change": (
        *(
            "pyproject.toml",
            "requirements*.txt",
            "requirements/",
            "*.lock",
            "setup.cfg",
            "setup.py",
            "Pipfile",
            "constraints*.txt",
        ),
        *("package.json", "package-lock.json", "pnpm-lock.yaml", "npm-shrinkwrap.json"),
        *("go.mod", "go.sum", "Cargo.toml", "Gemfile", "pom.xml", "build.gradle*"),
    ),
    "how the image is built changes": ("Dockerfile*", "*.Dockerfile", "Containerfile*", ".dockerignore"),
    "how the service runs changes": ("docker-compose*.y*ml", "compose*.y*ml"),
    "how it is checked or released changes": (".github/workflows/", ".gitlab-ci.yml", "Jenkinsfile"),
}


def risks(files: Iterable[str]) -> tuple[str, ...]:
    """Name each risk once, with the paths behind it: `database migration: migrations/0007.sql`."""
    paths = sorted(set(files))
    found = {risk: [path for path in paths if _touches(path, patterns)] for risk, patterns in _RISKS.items()}
    return tuple(f"{risk}: {', '.join(behind)}" for risk, behind in found.items() if behind)


def _touches(path: str, patterns: Iterable[str]) -> bool:
    name = path.rpartition("/")[2]
    return any(f"/{p}" in f"/{path}" if p.endswith("/") else fnmatchcase(name, p) for p in patterns)
