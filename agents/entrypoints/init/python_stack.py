"""A Python program: what starts it, and what its image needs."""

import re

from agents.entrypoints.init import python_sources as sources
from agents.entrypoints.init.found import Component, Health, Installer, Reading, Storage, Wishes
from agents.entrypoints.init.listing import Listing
from agents.entrypoints.init.notes import Notes
from agents.entrypoints.init.ports import port_of
from agents.entrypoints.init.python_manifest import USUAL, Manifest, read_manifest
from agents.entrypoints.init.python_tests import checks, runner
from agents.entrypoints.init.signs import front_page, health_of, settled, storage_of

_USUAL_PORT = 8000
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_HUB = ("transformers", "sentence-transformers", "huggingface-hub", "diffusers", "faster-whisper")
_MODELS = (
    *_HUB,
    "openai-whisper",
    "torch",
    "ultralytics",
    "vllm",
    "llama-cpp-python",
    "onnxruntime",
    "tts",
    "coqui-tts",
)
_PACKAGES = {
    "ffmpeg-python": ("ffmpeg",),
    "pydub": ("ffmpeg",),
    "openai-whisper": ("ffmpeg",),
    "moviepy": ("ffmpeg",),
    "opencv-python": ("libgl1", "libglib2.0-0"),
    "opencv-contrib-python": ("libgl1", "libglib2.0-0"),
}
"""Python package -> the system packages that it cannot work without."""


def python_component(listing: Listing, wishes: Wishes, notes: Notes) -> Component | None:
    """Describe the Python program of a directory; None where nothing in it starts one."""
    manifest = read_manifest(listing)
    if manifest is None:
        return None
    found = sources.modules(listing.sources(".py"))
    start = _start(listing, manifest, found, notes)
    if start is None:
        return None
    framework, command = start
    if place := sources.computed(found):
        notes.choose(
            "variables", "those found", f"{place} reads names that are computed", "add the others to the compose file"
        )
    named = list(sources.ports(found))
    port = port_of(listing, named, None if framework == "plain Python" else _USUAL_PORT, wishes, notes)
    storage = _storage(manifest, found)
    settings = _settings(listing, manifest, found, port)
    return Component(
        name=notes.component,
        directory="",
        image="",
        language="python",
        framework=framework,
        version=_version(manifest, notes),
        installer=_installer(manifest, wishes, notes),
        command=tuple(word.replace("{port}", str(port)) for word in command),
        port=port,
        published=port,
        health=_health(found, framework, wishes, notes),
        gpu=wishes.mode == "gpu",
        manifests=_manifests(listing, manifest),
        readings=settled(_readings(found, framework), dict(settings)),
        storage=storage,
        packages=_packages(listing, manifest),
        weights=manifest.has(*_MODELS),
        settings=settings,
        checks=checks(listing, manifest),
        runner=runner(listing, manifest),
    )


def _start(
    listing: Listing, manifest: Manifest, found: tuple[sources.Module, ...], notes: Notes
) -> tuple[str, tuple[str, ...]] | None:
    if "manage.py" in listing.paths and manifest.has("django"):
        return _django(listing, manifest, notes)
    known = sorted(sources.applications(found), key=lambda one: (one.factory, one.place.count("/"), one.place))
    if known:
        others = [one.target for one in known[1:] if not one.factory]
        if others:
            why = f"the sources have further ones: {', '.join(others)}"
            notes.choose("application", known[0].target, why, "change the last line of the Dockerfile")
        return known[0].framework, _served(known[0], manifest, notes)
    return _plain(manifest, found, notes)


def _django(listing: Listing, manifest: Manifest, notes: Notes) -> tuple[str, tuple[str, ...]]:
    wsgi = sorted(path for path in listing.paths if path.endswith("/wsgi.py"))
    if wsgi and manifest.has("gunicorn"):
        module = wsgi[0].removesuffix(".py").replace("/", ".")
        return "Django", ("gunicorn", "--bind", "0.0.0.0:{port}", f"{module}:application")
    why = "gunicorn is no dependency, so Django's development server has to do"
    notes.choose("server", "manage.py runserver", why, "add gunicorn to the dependencies and run init again")
    return "Django", ("python", "manage.py", "runserver", "--noreload", "0.0.0.0:{port}")


def _served(application: sources.Application, manifest: Manifest, notes: Notes) -> tuple[str, ...]:
    target, factory = application.target, application.factory
    if application.framework != "Flask":
        if not manifest.has("uvicorn", "uvicorn[standard]", "fastapi[standard]", "fastapi[all]", "fastapi-cli"):
            why = "no ASGI server is among the dependencies; without one the image does not start"
            notes.choose("server", "uvicorn", why, "add uvicorn to the dependencies")
        return ("uvicorn", target, *(("--factory",) if factory else ()), "--host", "0.0.0.0", "--port", "{port}")  # noqa: S104
    if manifest.has("gunicorn"):
        return ("gunicorn", "--bind", "0.0.0.0:{port}", f"{target}()" if factory else target)
    why = "gunicorn is no dependency, so Flask's development server has to do"
    notes.choose("server", "flask run", why, "add gunicorn to the dependencies and run init again")
    return ("flask", "--app", target, "run", "--host", "0.0.0.0", "--port", "{port}")  # noqa: S104


def _plain(manifest: Manifest, found: tuple[sources.Module, ...], notes: Notes) -> tuple[str, tuple[str, ...]] | None:
    packages = sorted((one for one in found if one.path.endswith("/__main__.py")), key=lambda one: one.path.count("/"))
    started = [one for one in found if "/" not in one.path and sources.runs_itself(one)]
    started.sort(key=lambda one: (one.path not in ("main.py", "app.py", "server.py", "run.py"), one.path))
    commands: list[tuple[str, ...]] = [("python", "-m", one.dotted) for one in packages]
    commands += [_called(target) for _, target in manifest.scripts if not packages and _TARGET.fullmatch(target)]
    commands += [("python", one.path) for one in started]
    if not commands:
        return None
    if place := sources.confined(found):
        notes.choose(
            "address",
            "as it is",
            f"{place} listens on loopback, which nobody outside a container reaches",
            "listen on 0.0.0.0",
        )
    if len(commands) > 1:
        others = ", ".join(" ".join(one) for one in commands[1:])
        notes.choose(
            "start", " ".join(commands[0]), f"it could also be {others}", "change the last line of the Dockerfile"
        )
    return "plain Python", commands[0]


def _called(target: str) -> tuple[str, ...]:
    module, _, function = target.partition(":")
    return ("python", "-c", f"from {module} import {function}; raise SystemExit({function}())")


def _version(manifest: Manifest, notes: Notes) -> str:
    if manifest.minor is None:
        notes.choose(
            "Python",
            f"3.{USUAL}",
            "nothing says which one",
            "write requires-python into pyproject.toml, or .python-version",
        )
    return f"3.{manifest.minor or USUAL}"


def _installer(manifest: Manifest, wishes: Wishes, notes: Notes) -> Installer:
    if manifest.installer in {"pyproject", "setup"}:
        why = "there is no lock file: the same commit can get other versions tomorrow"
        notes.choose("dependencies", "as pyproject.toml or setup.py allow", why, "commit uv.lock (`uv lock`)")
    if wishes.mode == "gpu" and manifest.installer in {"poetry", "setup"}:
        notes.ask(
            "dependencies",
            "the CUDA image installs from uv.lock, requirements.txt or pyproject.toml",
            "`uv lock`, or --mode cpu",
        )
    return manifest.installer


def _manifests(listing: Listing, manifest: Manifest) -> tuple[str, ...]:
    """Name what the installation reads; everything where requirements point to the project itself."""
    if manifest.installer != "requirements":
        return {"uv": ("pyproject.toml", "uv.lock"), "poetry": ("pyproject.toml", "poetry.lock")}.get(
            manifest.installer, ("pyproject.toml",)
        )
    text = listing.text("requirements.txt")
    if re.search(r"^(-e\s|\.|file:)", text, re.MULTILINE):
        return ()
    pointed = {path.partition("/") for path in re.findall(r"^-[rc]\s*(\S+)", text, re.MULTILINE)}
    return ("requirements.txt", *sorted(first + slash for first, slash, _ in pointed))


def _health(found: tuple[sources.Module, ...], framework: str, wishes: Wishes, notes: Notes) -> Health:
    written = [(one.path, one.place) for one in sources.routes(found)]
    if wishes.health:
        return Health(wishes.health, "--health")
    health = health_of(written)
    if health and sources.is_prefixed(found):
        notes.choose(
            "health",
            health.path,
            f"{health.place} has it, but a router puts a prefix in front of some paths",
            "--health PATH",
        )
    if health:
        return health
    fallback = front_page(written)
    if fallback is None and framework == "FastAPI":
        fallback = Health("/openapi.json", "FastAPI itself")
    chosen = fallback or Health("/")
    asked = "must answer 200" if chosen.place else "any answer below 500 has to do"
    notes.choose(
        "health",
        f"{chosen.path} ({asked})",
        "the sources have no route for it",
        "add /health, and run init again; or --health PATH",
    )
    return chosen


def _readings(found: tuple[sources.Module, ...], framework: str) -> tuple[Reading, ...]:
    """List the variables; Django's own module name is set by manage.py."""
    return tuple(
        one for one in sources.readings(found) if framework != "Django" or one.name != "DJANGO_SETTINGS_MODULE"
    )


def _storage(manifest: Manifest, found: tuple[sources.Module, ...]) -> tuple[Storage, ...]:
    kept = storage_of(sources.places(found))
    if manifest.has(*_HUB) and all(one.path != "models" for one in kept):
        kept = (*kept, Storage("models", "HF_HOME, where downloaded models are kept"))
    return kept


def _settings(
    listing: Listing, manifest: Manifest, found: tuple[sources.Module, ...], port: int
) -> tuple[tuple[str, str], ...]:
    settings = {"PYTHONPATH": "/app/src" if any(path.startswith("src/") for path in listing.paths) else "/app"}
    if any(one.name == "PORT" for one in sources.readings(found)):
        settings["PORT"] = str(port)
    if manifest.has(*_HUB):
        settings["HF_HOME"] = "/app/models"
    return tuple(sorted(settings.items()))


def _packages(listing: Listing, manifest: Manifest) -> tuple[str, ...]:
    needed = {name for package, names in _PACKAGES.items() if manifest.has(package) for name in names}
    if any(re.search(r"[\"']ffmpeg[\"']", text) for _, text in listing.sources(".py")):
        needed.add("ffmpeg")
    return tuple(sorted(needed))
