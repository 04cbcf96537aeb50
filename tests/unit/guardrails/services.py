"""A made-up service with a front end and a back end, for decisions about scope."""

from typing import Any

from config.service import Service

_TARGET = {"hosts": [{"name": "web-1"}], "directory": "/srv/webapp"}
_ENVIRONMENT = {"target": _TARGET, "health": {"probe": {"url": "http://127.0.0.1:8000/health"}}}


def webapp(**changes: Any) -> Service:
    """Make the service, with some of its keys replaced."""
    return Service.model_validate(
        {
            "service": "webapp",
            "repository": {"url": "/srv/webapp.git"},
            "suites": {
                "front-unit": {"kind": "unit", "command": ["vitest"], "covers": ["frontend"]},
                "back-unit": {"kind": "unit", "command": ["pytest"], "covers": ["backend", "database"]},
                "journeys": {"kind": "e2e", "command": ["playwright"]},
                "lighthouse": {"kind": "performance", "command": ["lhci"], "severity": "warning"},
                "audit": {"kind": "security", "command": ["audit"]},
            },
            "components": {
                "front": {"image": "localhost/front", "categories": ["frontend"]},
                "back-end": {"image": "localhost/back", "categories": ["backend"]},
            },
            "environments": {"production": _ENVIRONMENT},
            **changes,
        }
    )
