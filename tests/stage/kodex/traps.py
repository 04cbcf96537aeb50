"""Versions that must never run: each one commit on top of the good v1.0.0."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.stage.observer.tree import Change, both, replaced

COMPOSE = "docker-compose.yml"
MAIN = "src/kodex/__main__.py"
LAST_USER = "USER appuser\n"
FINAL = "FROM ${BASE_IMAGE}\nRUN apt-get"
STARTED = '    print(f"kodex v{__version__} started", flush=True)\n'
SERVED = "        code, kind, body = self.server.app.answer(self.path)\n"
GOOD = "v1.0.0"


@dataclass(frozen=True, slots=True)
class Trap:
    """A version, what is wrong with it in a few words, and what its author thought."""

    tag: str
    wrong: str
    subject: str
    change: Change


def traps() -> Iterator[Trap]:
    """List the traps: first those that can be seen in the sources, then in the image, then while it runs."""
    yield from _in_sources()
    yield Trap("v1.2.0", "weights by size, removed later", "Warm the voice cache while building", LARGE_FILE)
    yield Trap("v1.3.0", "burns a CPU", "Keep the voices warm", BURNER)
    yield Trap("v1.3.1", "jobs fail unseen by requests", "Index new passages in the background", FAILING_JOBS)
    yield Trap("v1.3.2", "slow", "Sign every answer", SLOW)


def _in_sources() -> Iterator[Trap]:
    yield Trap("v1.1.0", "root", "Let the program bind low ports", replaced("Dockerfile", LAST_USER, "USER root\n"))
    yield Trap("v1.1.1", "single stage", "Build in one go", SINGLE_STAGE)
    yield Trap("v1.1.2", "weights by name", "Ship the default voice", WEIGHTS)
    yield Trap(
        "v1.1.3", "no ffmpeg", "Slim the image", replaced("Dockerfile", "      ffmpeg &&", "      ca-certificates &&")
    )
    yield Trap("v1.1.4", "env file in the context", "Tidy", replaced(".dockerignore", ".env\n.env.*\n", ""))
    yield Trap("v1.1.5", "wrong base", "Use a full Python", WRONG_BASE)
    yield Trap("v1.1.6", "static lost", "Keep sounds inside", replaced(COMPOSE, "      - ./static:/app/static\n", ""))
    yield Trap(
        "v1.1.7", "data sent again", "Ship a seed", replaced(".dockerignore", "tests/\n", "tests/\n!data/seed\n")
    )


SINGLE_STAGE = both(
    replaced("Dockerfile", "FROM ${BASE_IMAGE} AS build\n", "FROM ${BASE_IMAGE}\n"),
    replaced("Dockerfile", FINAL, "RUN apt-get"),
    replaced("Dockerfile", "COPY --from=build /build/src /app/src\n", "RUN mv /build/src /app/src\n"),
)


def WEIGHTS(tree: dict[str, str]) -> dict[str, str]:  # noqa: N802 - a change like the others, written as a function
    """Add a voice, and a line that copies it."""
    copied = replaced("Dockerfile", LAST_USER, f"COPY voices /voices\n{LAST_USER}")(tree)
    return copied | {"voices/de.safetensors": "weights\n" * 100}


WRONG_BASE = replaced("Dockerfile", "3.11-slim\n", "3.11\n")

CACHED = "RUN python -c \"open('/app/voices.cache', 'wb').write(bytes(30_000_000))\"\nRUN rm /app/voices.cache\n\n"
LARGE_FILE = replaced("Dockerfile", "ENV PYTHONPATH", f"{CACHED}ENV PYTHONPATH")

BURNER = both(
    replaced(MAIN, "import signal\n", "import signal\nimport subprocess\n"),
    replaced(MAIN, STARTED, f'{STARTED}    subprocess.Popen((sys.executable, "-c", "while True: pass"))\n'),
)

FAILING_JOBS = both(
    replaced(
        MAIN,
        "def main() -> int:\n",
        "def index(app: App, stop: threading.Event) -> None:\n"
        "    while not stop.wait(0.1):\n        app.metrics.errors += 1\n\n\ndef main() -> int:\n",
    ),
    replaced(MAIN, STARTED, f"{STARTED}    threading.Thread(target=index, args=(app, stop), daemon=True).start()\n"),
)

SLOW = both(
    replaced(MAIN, "import threading\n", "import threading\nimport time\n"),
    replaced(MAIN, SERVED, f"{SERVED}        time.sleep(0.4)\n"),
)
