"""Look the pinned packages up in the list of advisories, and write what npm audit and pip-audit would write.

For places without a network. Where there is one, `npm audit --json` and `pip-audit --format json` write the same.
"""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
REPORTS = ROOT / "reports"
SEVERITIES = ("info", "low", "moderate", "high", "critical")


def npm_packages() -> dict[str, str]:
    """List what the lock file pins: package -> version."""
    locked = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    return {path.rpartition("node_modules/")[2]: one["version"] for path, one in locked.items() if path}


def pip_packages() -> dict[str, str]:
    """List what the requirements pin: package -> version."""
    text = (ROOT / "server/requirements.txt").read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def npm_report(advisories: dict[str, Any]) -> dict[str, Any]:
    """Write what `npm audit --json` writes (report version 2)."""
    packages = npm_packages()
    found = {
        name: {
            "name": name,
            "severity": one["severity"],
            "isDirect": True,
            "via": [{"name": name, "title": one["title"], "url": one["url"], "severity": one["severity"]}],
            "effects": [],
            "range": packages[name],
            "nodes": [f"node_modules/{name}"],
            "fixAvailable": bool(one["fixed"]),
        }
        for name, one in advisories.items()
        if packages.get(name) in one["versions"]
    }
    counts = {level: sum(one["severity"] == level for one in found.values()) for level in SEVERITIES}
    return {
        "auditReportVersion": 2,
        "vulnerabilities": found,
        "metadata": {
            "vulnerabilities": counts | {"total": len(found)},
            "dependencies": {"prod": 0, "dev": len(packages), "total": len(packages)},
        },
    }


def pip_report(advisories: dict[str, Any]) -> dict[str, Any]:
    """Write what `pip-audit --format json` writes."""
    dependencies = []
    for name, version in pip_packages().items():
        one = advisories.get(name)
        hit = one if one and version in one["versions"] else None
        vulns = [{"id": hit["id"], "fix_versions": hit["fixed"], "description": hit["title"]}] if hit else []
        dependencies.append({"name": name, "version": version, "vulns": vulns})
    return {"dependencies": dependencies, "fixes": []}


def main() -> None:
    advisories = json.loads((HERE / "advisories.json").read_text())
    REPORTS.mkdir(exist_ok=True)
    for name, report in {"npm": npm_report(advisories["npm"]), "pip": pip_report(advisories["pypi"])}.items():
        (REPORTS / f"{name}-audit.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
