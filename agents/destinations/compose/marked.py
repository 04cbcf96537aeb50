"""Settings that decide how a release is done and that its plan does not spell out: a mark of each is approved with it.

What stands in the configuration as it is by default has no mark, so a new key with a default changes no plan.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from config.backups import Backup
from config.rollout import Canary
from config.service import Environment
from config.settings import Settings
from config.targets import ComposeTarget
from guardrails.plan_targets import PlannedSetting

_COMPARED = {*Canary.model_fields} - {"hosts", "share"}
"""All but what the plan itself says of canaries."""
_RUN_ON_THE_HOST = {"test", "reload", "marker"}
"""What a release has of a reverse proxy that is neither its kind nor a route; `./shipmate host setup` has the rest."""


def marked(environment: Environment, target: ComposeTarget) -> tuple[PlannedSetting, ...]:
    """Mark what differs from the defaults, each under the name it has in the configuration."""
    return tuple(PlannedSetting(name, _mark(said)) for name, said in _said(environment, target))


def _said(environment: Environment, target: ComposeTarget) -> Iterator[tuple[str, Mapping[str, Any]]]:
    paths = environment.paths
    if paths.backup is not None:
        yield "backup", {**_own(paths.backup, {*Backup.model_fields}), "mounts": paths.backup.mounts or paths.persist}
    if target.strategy == "canary" and (canary := _own(target.canary, _COMPARED)):
        yield "canary", canary
    if target.proxy is not None and target.rolls and (proxy := _own(target.proxy, _RUN_ON_THE_HOST)):
        yield "proxy", proxy
    if target.shipping != "auto":
        yield "shipping", {"shipping": target.shipping}


def _own(settings: Settings, fields: set[str]) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude_defaults=True, include=fields)


def _mark(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
