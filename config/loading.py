"""From YAML files and the environment to one `Configuration`, or to everything that is wrong with them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from config.checks import collisions, contradictions
from config.contradiction import Contradiction
from config.credentials import environment_faults, read_credentials
from config.document import Document, read_document
from config.faults import ConfigFaults, Fault, dotted, model_faults
from config.keys import lost_files
from config.local import resolve_against
from config.nearest import nearest
from config.persons import bot_contradictions
from config.service import Service
from config.shipmate import Configuration, Shipmate

DEFAULT_PATH = Path("config/shipmate.yaml")
Model = TypeVar("Model", bound=BaseModel)


def config_path(environ: Mapping[str, str]) -> Path:
    """Tell which file describes the bot: SHIPMATE_CONFIG, or `config/shipmate.yaml`."""
    return Path(environ.get("SHIPMATE_CONFIG", "").strip() or DEFAULT_PATH)


def load(path: Path, environ: Mapping[str, str]) -> Configuration:
    """Load the bot's file, every service's file and the credentials.

    Raises `ConfigFaults` with all faults of all files at once. Relative paths
    in a file are seen from that file's directory.
    """
    faults = list(environment_faults(environ))
    shipmate = _read(path, Shipmate, faults)
    services: dict[str, Service] = {}
    files: dict[str, Path] = {}
    # A fault in one key must not hide those of the services: their usual place is tried all the same.
    declared = shipmate.services if shipmate else path.parent / "services"
    for file in _service_files(path, declared, faults, sure=shipmate is not None):
        service = _read(file, Service, faults)
        if service:
            services[service.service], files[service.service] = service, file
    faults += _collisions(services, files)
    if faults or shipmate is None:
        raise ConfigFaults(faults)
    return Configuration(
        path=path.resolve(),
        shipmate=shipmate.model_copy(update={"database": _database(path, shipmate.database)}),
        services=dict(sorted(services.items())),
        credentials=read_credentials(environ),
    )


def _read(path: Path, model: type[Model], faults: list[Fault]) -> Model | None:
    try:
        document = read_document(path.read_bytes())
    except OSError as error:
        faults.append(Fault(str(path), 1, "", _unreadable(path, error)))
        return None
    found = [*_document_faults(path, document)]
    try:
        # An empty file is a bot with all its defaults, but never a service.
        loaded = model.model_validate(
            {} if document.content is None else document.content, context={"directory": path.parent.resolve()}
        )
    except ValidationError as error:
        loaded = None
        found += [] if _no_content(document) else model_faults(str(path), document, model, error)
    if loaded is not None:
        found += _contradictions(path, document, loaded)
    faults += found
    return None if found else loaded


def _no_content(document: Document) -> bool:
    return document.content is None and bool(document.objections)


def _document_faults(path: Path, document: Document) -> Iterator[Fault]:
    for objection in document.objections:
        yield Fault(str(path), objection.line, dotted(objection.location), objection.message)


def _contradictions(path: Path, document: Document, loaded: BaseModel) -> Iterator[Fault]:
    for found in _contradicting(path, loaded):
        yield Fault(str(path), document.line_of(found.location), dotted(found.location), found.message)


def _contradicting(path: Path, loaded: BaseModel) -> Iterator[Contradiction]:
    if isinstance(loaded, Service):
        yield from contradictions(loaded, path.stem)
        yield from lost_files(loaded)
    elif isinstance(loaded, Shipmate):
        yield from bot_contradictions(loaded)


def _collisions(services: Mapping[str, Service], files: Mapping[str, Path]) -> Iterator[Fault]:
    for name, found in collisions(services):
        document = read_document(files[name].read_bytes())
        yield Fault(str(files[name]), document.line_of(found.location), dotted(found.location), found.message)


def _unreadable(path: Path, error: OSError) -> str:
    if not isinstance(error, FileNotFoundError):
        return f"cannot be read: {error.strerror}"
    siblings = [file.name for file in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    guess = nearest(path.name, siblings)
    hint = f"did you mean '{path.with_name(guess)}'?" if guess else "name the right file with SHIPMATE_CONFIG"
    return f"there is no such file; {hint}"


def _service_files(path: Path, directory: Path, faults: list[Fault], *, sure: bool) -> list[Path]:
    # Shown the way the operator wrote the main file, so that an editor opens what the message names.
    shown = Path(path.parent, directory.relative_to(path.parent.resolve())) if _below(directory, path) else directory
    misnamed = [file for file in sorted(shown.glob("*.yml")) if file.is_file()]
    faults += [Fault(str(file), 1, "", f"is not read; rename it to {file.stem}.yaml") for file in misnamed]
    files = sorted(file for file in shown.glob("*.yaml") if file.is_file())
    if sure and not files and not misnamed:
        faults.append(Fault(str(path), 1, "services", f"no service is declared; write {shown / 'NAME.yaml'}"))
    return files


def _below(directory: Path, path: Path) -> bool:
    return directory.is_absolute() and directory.is_relative_to(path.parent.resolve())


def is_default_database(configuration: Configuration) -> bool:
    """Tell whether the database lies where it does on a new machine: nobody has named another place."""
    usual = _database(configuration.path, Shipmate.model_fields["database"].default)
    return configuration.credentials.database_url is None and configuration.shipmate.database == usual


def _database(path: Path, url: str) -> str:
    relative = re.fullmatch(r"sqlite:///(?!/)(?!:memory:)(.+)", url)
    return f"sqlite:///{resolve_against(path.parent, Path(relative[1]))}" if relative else url
