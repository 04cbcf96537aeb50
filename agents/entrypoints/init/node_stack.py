"""A Node program: a server, or a site that is built once and then only served."""

import json
import re
from typing import Any

from agents.entrypoints.init import node_sources as sources
from agents.entrypoints.init.found import Check, Component, Health, Installer, Wishes
from agents.entrypoints.init.listing import SOURCES, Listing
from agents.entrypoints.init.notes import Notes
from agents.entrypoints.init.ports import port_of
from agents.entrypoints.init.shapes import table
from agents.entrypoints.init.signs import front_page, health_of, settled, storage_of

USUAL = "24"
_STATIC_PORT, _NEXT_PORT = 8080, 3000
_LOCKS: tuple[tuple[str, Installer], ...] = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
_OUTPUTS = {"vite": "dist", "astro": "dist", "react-scripts": "build", "@angular/cli": "dist", "gatsby": "public"}
"""Build tool -> the directory that it writes to unless it is told otherwise."""
_WRITTEN = re.compile(
    r"(?:out-?dir|--output|--dist-dir|-o)[\s=:\"']+(?:\./)?([\w./-]+)|\b(dist|build|out|public|_site)\b(?!:)",
    re.IGNORECASE,
)
_CONFIGURED = re.compile(r"outDir\s*:\s*[\"'](?:\./)?([\w./-]+)[\"']")
_FILE = re.compile(r"node(?:\s+--?[\w-]+(?:=\S+)?)*\s+(?P<file>[\w./-]+)")
_NONE = "no test specified"


def node_component(listing: Listing, wishes: Wishes, notes: Notes) -> Component | None:
    """Describe the Node program of a directory; None where nothing in it is started or built."""
    package = read_package(listing)
    if package is None:
        return None
    command = _command(listing, package)
    output = "" if command else _output(listing, package, wishes, notes)
    if not command and output is None:
        return None
    files = list(listing.sources(*SOURCES))
    port = _STATIC_PORT if output else _port(listing, package, wishes, notes)
    settings = () if output else _settings(command, port)
    needs = _needs(package)
    return Component(
        name=notes.component,
        directory="",
        image="",
        language="node",
        framework="static site" if output else "Next.js" if "next" in needs else "Node server",
        version=_version(listing, package, notes),
        installer=_installer(listing, package, notes),
        command=command,
        port=port,
        published=dict(wishes.ports).get(notes.component) or dict(wishes.ports).get("") or port,
        health=Health("/", "the web server") if output else _health(listing, files, wishes, notes),
        manifests=_manifests(listing),
        readings=() if output else settled(sources.readings(files), dict(settings)),
        storage=() if output else storage_of(sources.places(files)),
        settings=settings,
        scratch=("/tmp", "/app/.next/cache") if "next" in needs and not output else ("/tmp",),  # noqa: S108 - in the container
        checks=_checks(package),
        output=output or "",
        builds="build" in package["scripts"],
        standalone=_is_standalone(listing),
        public=any(path.startswith("public/") for path in listing.paths),
        runner="npm" if any(check.name == "Test" for check in _checks(package)) else "",
    )


def read_package(listing: Listing) -> dict[str, Any] | None:
    """Read package.json; None where there is none, or nothing that could be one."""
    try:
        package = json.loads(listing.text("package.json"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(package, dict):
        return None
    return {**package, "scripts": table(package, "scripts")}


def _needs(package: dict[str, Any]) -> frozenset[str]:
    return frozenset({**table(package, "dependencies"), **table(package, "devDependencies")})


def _command(listing: Listing, package: dict[str, Any]) -> tuple[str, ...]:
    """Tell what starts the server; empty for what is only built."""
    if "next" in _needs(package):
        if _next_output(listing) == "export":
            return ()
        return ("node", "server.js") if _is_standalone(listing) else ("node_modules/.bin/next", "start")
    start = str(package["scripts"].get("start", ""))
    if any(tool in _needs(package) for tool in _OUTPUTS) and not _FILE.fullmatch(start):
        return ()
    if found := _FILE.fullmatch(start):
        return ("node", found["file"])
    if start:
        return ("npm", "start")
    main = package.get("main") if "build" not in package["scripts"] else None
    served = [path for path in (main, "server.js", "index.js") if isinstance(path, str) and path in listing.paths]
    return ("node", str(served[0])) if served else ()


def _output(listing: Listing, package: dict[str, Any], wishes: Wishes, notes: Notes) -> str | None:
    """Tell where the build puts the site; None where nothing is built."""
    build = str(package["scripts"].get("build", ""))
    if not build:
        return None
    if wishes.output:
        return wishes.output
    if "next" in _needs(package):
        return "out"
    configured = (
        _CONFIGURED.search(text) for path, text in listing.texts.items() if re.match(r"(vite|astro)\.config\.", path)
    )
    if found := next(filter(None, configured), None) or _WRITTEN.search(build):
        return str(next(filter(None, found.groups()))).rstrip("/")
    known = [output for tool, output in _OUTPUTS.items() if tool in _needs(package)]
    if known:
        return known[0]
    notes.ask(
        "output",
        f"`npm run build` is `{build}`, which does not say where the site lies afterwards",
        "--output DIRECTORY",
    )
    return "dist"


def _next_output(listing: Listing) -> str:
    texts = (text for path, text in listing.texts.items() if path.startswith("next.config."))
    found = (re.search(r"output\s*:\s*[\"'](\w+)[\"']", text) for text in texts)
    return next((match[1] for match in found if match), "")


def _is_standalone(listing: Listing) -> bool:
    return _next_output(listing) == "standalone"


def _port(listing: Listing, package: dict[str, Any], wishes: Wishes, notes: Notes) -> int:
    named = () if "next" in _needs(package) else tuple(sources.ports(listing.sources(*SOURCES)))
    return port_of(listing, named, _NEXT_PORT if "next" in _needs(package) else None, wishes, notes)


def _settings(command: tuple[str, ...], port: int) -> tuple[tuple[str, str], ...]:
    settings = {"NODE_ENV": "production", "PORT": str(port)}
    if command == ("node", "server.js"):
        settings["HOSTNAME"] = "0.0.0.0"  # noqa: S104 - Next.js listens there, inside the container
    return tuple(sorted(settings.items()))


def _version(listing: Listing, package: dict[str, Any], notes: Notes) -> str:
    pinned = listing.text(".nvmrc") or listing.text(".node-version")
    engine = table(package, "engines").get("node", "")
    for written in (pinned, str(engine)):
        if found := re.search(r"\d+", written):
            return found[0]
    notes.choose("Node", USUAL, "nothing says which one", "write it into .nvmrc or `engines` of package.json")
    return USUAL


def _installer(listing: Listing, package: dict[str, Any], notes: Notes) -> Installer:
    for lock, installer in _LOCKS:
        if lock in listing.paths:
            modern = "__metadata:" in listing.text(lock) or ".yarnrc.yml" in listing.paths
            return "berry" if installer == "yarn" and modern else installer
    if _needs(package):
        why = "there is no lock file: the same commit can get other versions tomorrow"
        notes.choose("dependencies", "as package.json allows", why, "commit package-lock.json (`npm install`)")
    return "nothing"


def _manifests(listing: Listing) -> tuple[str, ...]:
    files = ("package.json", *(lock for lock, _ in _LOCKS), ".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml")
    present = tuple(name for name in files if name in listing.paths)
    return (*present, ".yarn/") if any(path.startswith(".yarn/") for path in listing.paths) else present


def _health(listing: Listing, files: list[tuple[str, str]], wishes: Wishes, notes: Notes) -> Health:
    if wishes.health:
        return Health(wishes.health, "--health")
    written = [*sources.pages(listing.paths), *sources.routes(files)]
    if found := health_of(written):
        return found
    pages = [path for path in sorted(listing.paths) if re.fullmatch(r"(src/)?(app/page|pages/index)\.[jt]sx?", path)]
    chosen = front_page([("/", path) for path in pages] or written) or Health("/")
    asked = "must answer 200" if chosen.place else "any answer below 500 has to do"
    notes.choose(
        "health",
        f"/ ({asked})",
        "the sources have no route for it",
        "add /health, and run init again; or --health PATH",
    )
    return chosen


def _checks(package: dict[str, Any]) -> tuple[Check, ...]:
    """List the scripts that a test job runs."""
    scripts = package["scripts"]
    present = [Check("Lint", "lint")] if "lint" in scripts else []
    tested = "test" in scripts and _NONE not in str(scripts["test"])
    return (*present, Check("Test", "test")) if tested else tuple(present)
