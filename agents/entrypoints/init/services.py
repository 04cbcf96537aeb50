"""Where the bot keeps the files of its services."""

from pathlib import Path

from pydantic import ValidationError

from config.document import read_document
from config.shipmate import Shipmate


def services_directory(config: Path) -> Path:
    """Read it from the bot's file; the usual place where that file is absent or has faults, which others tell."""
    usual = config.parent / "services"
    try:
        content = read_document(config.read_bytes()).content or {}
        declared = Shipmate.model_validate(content, context={"directory": config.parent.resolve()}).services
    except (OSError, ValidationError):
        return usual
    return usual if declared == usual.resolve() else declared
