"""What never goes into an image: `.dockerignore`."""

from agents.entrypoints.init.found import Component

WEIGHTS = ("*.safetensors", "*.ckpt", "*.pt", "*.pth", "*.gguf", "*.onnx")
_ALWAYS = (
    ".git",
    ".github",
    "**/.env",
    "**/.env.*",
    ".dockerignore",
    "Dockerfile*",
    "docker-compose*",
    "compose*.y*ml",
)
_PYTHON = (
    "**/__pycache__",
    "**/*.pyc",
    ".venv",
    "venv",
    ".pytest_cache",
    ".ruff_cache",
    ".mypy_cache",
    ".coverage",
    "tests/",
)
_NODE = ("**/node_modules", ".next", "dist", "build", "coverage", "**/*.log")
_KEPT = ("data/", "logs/", "uploads/")


def dockerignore(component: Component) -> str:
    """Write `.dockerignore`."""
    parts = [
        ("Made by `shipmate init`: what never goes into the image.", _ALWAYS),
        ("Made anew where it is needed.", _PYTHON if component.language == "python" else _built(component)),
        ("Kept on the server, outlives every image.", () if component.output else _kept(component)),
        ("Model weights are mounted or fetched at the start.", _weights(component)),
    ]
    return "\n".join(f"# {title}\n" + "".join(f"{line}\n" for line in lines) for title, lines in parts if lines)


def must_ignore(component: Component) -> tuple[str, ...]:
    """Name what the service's file demands to be kept out."""
    if component.language == "node":
        return (".git", ".env", "node_modules")
    return (".git", "**/__pycache__", ".env", "data/")


def weights_of(component: Component) -> tuple[str, ...]:
    """Name the files that are model weights."""
    return WEIGHTS if component.weights else ()


def _built(component: Component) -> tuple[str, ...]:
    """Leave out what a build makes; without a build it would be the program itself."""
    return _NODE if component.builds else tuple(one for one in _NODE if one not in {"dist", "build"})


def _kept(component: Component) -> tuple[str, ...]:
    further = tuple(f"{one.path}/" for one in component.storage)
    return tuple(dict.fromkeys((*_KEPT, *further)))


def _weights(component: Component) -> tuple[str, ...]:
    return tuple(f"**/{one}" for one in weights_of(component))
