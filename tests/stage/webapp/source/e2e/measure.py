"""How the first page loads in Chromium, written in the shape of Lighthouse's report.

LCP, CLS and the longest task come from the browser's own performance API. The score weighs them by Lighthouse's own
curves, for a desktop; where Lighthouse is at hand, `npx lighthouse --output=json` takes this file's place.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from browser import chromium
from place import app

REPORT = Path("reports/lighthouse.json")
LONG_TASK_MS = 50
SETTLED_MS = 500
LOOK = """
const [settled, done] = [%d, arguments[0]], seen = {};
for (const type of ["paint", "largest-contentful-paint", "layout-shift", "longtask"]) {
  seen[type] = [];
  new PerformanceObserver((list) => seen[type].push(...list.getEntries().map((one) => ({
    at: one.startTime, lasts: one.duration, name: one.name, shift: one.hadRecentInput ? 0 : one.value ?? 0,
  })))).observe({ type, buffered: true });
}
setTimeout(() => done(seen), settled);
"""
CURVES = {
    "first-contentful-paint": (10, 934, 1600),
    "largest-contentful-paint": (25, 1200, 2400),
    "total-blocking-time": (30, 150, 350),
    "cumulative-layout-shift": (25, 0.1, 0.25),
}
"""Audit -> its weight, the value that scores 90, and the one that scores 50."""


def measured(seen: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Tell the metrics by the names that Lighthouse gives them."""
    tasks = [task["lasts"] for task in seen["longtask"]]
    paints = [paint["at"] for paint in seen["paint"] if paint["name"] == "first-contentful-paint"]
    largest = [paint["at"] for paint in seen["largest-contentful-paint"]]
    if not (paints and largest):
        raise SystemExit("The page painted nothing that could be measured.")
    return {
        "first-contentful-paint": paints[0],
        "largest-contentful-paint": largest[-1],
        "total-blocking-time": sum(max(0, lasts - LONG_TASK_MS) for lasts in tasks),
        "cumulative-layout-shift": sum(shift["shift"] for shift in seen["layout-shift"]),
        "max-potential-fid": max(tasks, default=0),
    }


def score(value: float, good: float, middling: float) -> float:
    """Place a value on a log-normal curve through 0.9 at `good` and 0.5 at `middling`."""
    if value <= 0:
        return 1.0
    distance = math.log(value / middling) / math.log(middling / good) * 0.9061938024368232
    return 0.5 * math.erfc(distance)


def report(values: dict[str, float], address: str) -> dict[str, Any]:
    """Write the part of a Lighthouse report that people look at."""
    scores = {name: score(values[name], good, middling) for name, (_, good, middling) in CURVES.items()}
    weights = {name: weight for name, (weight, _, _) in CURVES.items()}
    whole = sum(scores[name] * weight for name, weight in weights.items()) / sum(weights.values())
    audits = {
        name: {"id": name, "score": round(scores[name], 2) if name in scores else None, "numericValue": value}
        for name, value in values.items()
    }
    return {
        "lighthouseVersion": "none: measured by e2e/measure.py",
        "requestedUrl": address,
        "audits": audits,
        "categories": {"performance": {"id": "performance", "score": round(whole, 2)}},
    }


def main() -> None:
    with app() as address, chromium() as browser:
        browser.open(address)
        browser.find("body[data-ready]")
        values = measured(browser.runs(LOOK % SETTLED_MS))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report(values, address), indent=2) + "\n")
    for name, value in values.items():
        sys.stdout.write(f"{name}: {value:.4g}\n")


if __name__ == "__main__":
    main()
