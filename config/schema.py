"""JSON Schemas for editors, made from the models: `python -m config.schema` writes them anew."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from config.service import Service
from config.shipmate import Shipmate

DIRECTORY = Path(__file__).parent / "schemas"
MODELS: dict[str, type[BaseModel]] = {"service": Service, "shipmate": Shipmate}


def schema_text(model: type[BaseModel]) -> str:
    """Write one model's schema as it lies in its file."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def schema_file(name: str) -> Path:
    """Tell where a model's schema lies."""
    return DIRECTORY / f"{name}.schema.json"


if __name__ == "__main__":
    for name, model in MODELS.items():
        schema_file(name).write_text(schema_text(model), encoding="utf-8")
