"""Readers of what other machines answer: engines, registries, clusters, git, and the tests of a repository."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.words.claims import Draft, ground
from agents.words.excerpt import excerpt
from agents.words.facts import ReleaseFacts
from tests.hostile.reader import Reader, text
from tools.advisories import read_npm_audit, read_pip_audit
from tools.argocd_answers import read_application, read_tree
from tools.changes import read_changes, read_commits
from tools.compose_file import normalise
from tools.compose_reading import env_files
from tools.errors import Garbled
from tools.host_images import image_in
from tools.hosts import Completed
from tools.inspection import containers_in, path_changes_in
from tools.pages import read_lighthouse
from tools.prometheus import first_value
from tools.reports import read_coverage, read_junit
from tools.resources import gpu_in, stats_in


def _of_json(read: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    """Read what came over HTTP and is JSON at least."""

    def reading(content: bytes) -> Any:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            return None
        return read(document)

    return reading


def _counted(report: Any) -> bool:
    return bool(report.tests >= 0 and report.failed >= 0 and 0 <= report.skipped <= report.tests)


_FACTS = ReleaseFacts("v1.2.3", "b" * 40)
_DIFF = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"


def _words(content: bytes) -> Any:
    draft = Draft.model_validate_json(content)
    return ground(draft, "model", _FACTS, excerpt(_DIFF, 10_000))


_JUNIT = (
    b'<testsuites><testsuite name="a" tests="2" failures="1" errors="0"><testcase classname="t" name="x"/>'
    b'<testcase name="y"><failure message="bad">why</failure></testcase><testcase><skipped/></testcase></testsuite>'
    b"</testsuites>"
)
_COBERTURA = b'<coverage line-rate="0.91" lines-valid="100" lines-covered="91"><packages/></coverage>'
_APPLICATION = {
    "metadata": {"name": "astrago"},
    "status": {
        "sync": {"status": "Synced", "revision": "a" * 40},
        "health": {"status": "Healthy", "message": ""},
        "summary": {"images": ["ghcr.io/acme/astrago:v1"]},
        "operationState": {"phase": "Succeeded", "message": "ok", "syncResult": {"revision": "a", "resources": []}},
        "conditions": [{"type": "ComparisonError", "message": "x"}],
        "resources": [{"kind": "Pod", "name": "a", "health": {"status": "Degraded", "message": "m"}}],
    },
    "nodes": [{"kind": "Pod", "name": "a", "health": {"status": "Degraded", "message": "m"}}],
}
_CONTAINER = {
    "id": "a" * 64, "name": "/observer", "image": "acme/observer:v1", "image_id": "sha256:1", "status": "running",
    "health": "healthy", "exit_code": 0, "restarts": 0, "started_at": "2026-11-21T09:00:00.123456789Z",
    "created_at": "2026-11-21T09:00:00Z", "tmpfs": {"/tmp": ""}, "user": "", "read_only": False, "test": ["CMD", "x"],
    "labels": {"com.docker.compose.service": "observer"}, "names": ["PATH"],
    "mounts": [{"Type": "volume", "Name": "v", "Source": "/x", "Destination": "/data", "RW": True}],
}  # fmt: skip
_COMPOSED = {
    "name": "observer",
    "services": {
        "observer": {
            "image": "acme/observer:v1",
            "environment": {"A": "b"},
            "env_file": [{"path": ".env"}],
            "volumes": [{"type": "bind", "source": "./d", "target": "/data", "bind": {"create_host_path": True}}],
            "ports": [{"target": 8000, "published": "8000", "protocol": "tcp"}],
            "deploy": {"resources": {"limits": {"cpus": "0.5", "memory": "134217728"}}},
            "healthcheck": {"test": ["CMD", "x"], "interval": "5s", "retries": 3},
            "tmpfs": "/tmp",
        }
    },
    "volumes": {"data": {"name": "observer_data", "external": True}},
}
_IMAGE = {"id": "sha256:1", "digests": ["acme/observer@sha256:1"], "tags": ["acme/observer:v1"], "size": 12}
_METRIC = {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1.0, "0.25"]}]}}
_DRAFT = {
    "headline": "x.py sets a.",
    "claims": [{"text": "a is 2 now", "paths": ["x.py"], "lines": ["+a = 2"]}],
    "risks": [],
}
_CHANGES = (
    b":100644 100644 1111111 2222222 M\0x.py\0:100644 100644 1 2 R100\0a\0b\0" + b"1\t1\tx.py\0" + b"0\t0\t\0a\0b\0"
)
_LOG = b"\0".join((b"a" * 40, b"Ana", b"2026-11-21T09:00:00+00:00", b"Fix (#12)", b"Body", b""))
_REPORTS = Path(__file__).parents[1] / "corpora/reports"
_LIGHTHOUSE, _NPM_AUDIT, _PIP_AUDIT = (
    (_REPORTS / f"{name}.json").read_bytes() for name in ("lighthouse", "npm-audit", "pip-audit")
)
_STATS = b'{"CPUPerc":"1.25%","MemPerc":"0.5%"}'

ANSWERS: Mapping[str, Reader] = {
    "JUnit": Reader(read_junit, (_JUNIT,), (Garbled,), _counted),
    "Cobertura": Reader(read_coverage, (_COBERTURA,), (Garbled,), lambda percent: 0 <= percent <= 100),
    "Lighthouse": Reader(read_lighthouse, (_LIGHTHOUSE,), (Garbled,), lambda page: 0 <= (page.score or 0) <= 100),
    "npm audit": Reader(read_npm_audit, (_NPM_AUDIT,), (Garbled,), lambda audit: audit.audited >= 0),
    "pip-audit": Reader(read_pip_audit, (_PIP_AUDIT,), (Garbled,), lambda audit: audit.audited >= 0),
    "ArgoCD application": Reader(_of_json(read_application), (json.dumps(_APPLICATION).encode(),), (Garbled,)),
    "ArgoCD tree": Reader(_of_json(read_tree), (json.dumps(_APPLICATION).encode(),), (Garbled,)),
    "Prometheus": Reader(_of_json(first_value), (json.dumps(_METRIC).encode(),), (Garbled,)),
    "container": Reader(lambda c: containers_in(text(c)), (json.dumps(_CONTAINER).encode(),), (Garbled,)),
    "docker diff": Reader(lambda c: path_changes_in(text(c)), (b"C /tmp\nA /tmp/x\nD /y z\n",)),
    "docker stats": Reader(lambda c: stats_in(Completed((), 0, text(c), "", timedelta()), "alpha"), (_STATS,)),
    "nvidia-smi": Reader(lambda c: gpu_in(Completed((), 0, text(c), "", timedelta()), "alpha"), (b"12\n[N/A]\n",)),
    "image": Reader(lambda c: image_in(text(c)), (json.dumps(_IMAGE).encode(),), (Garbled,)),
    "compose config": Reader(lambda c: normalise(text(c)), (json.dumps(_COMPOSED).encode(),), (Garbled,)),
    "compose env files": Reader(lambda c: env_files(text(c)), (json.dumps(_COMPOSED).encode(),), (Garbled,)),
    "git changes": Reader(lambda c: read_changes(text(c)), (_CHANGES,), (Garbled,)),
    "git log": Reader(lambda c: read_commits(text(c)), (_LOG,), (Garbled,)),
    "model": Reader(_words, (json.dumps(_DRAFT).encode(),), (ValidationError,)),
}
