"""Routes: a function for each path, called with the query's parameters."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from kodex.metrics import Metrics

Reply = tuple[int, str, str]
"""Status, content type, body."""
Route = Callable[[Mapping[str, str]], object]


class App:
    """What a path is answered with; errors are counted and told as 500."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self._routes: dict[str, Route] = {}

    def get(self, path: str) -> Callable[[Route], Route]:
        def named(route: Route) -> Route:
            self._routes[path] = route
            return route

        return named

    def answer(self, target: str) -> Reply:
        parts = urlsplit(target)
        route = self._routes.get(parts.path)
        self.metrics.requests += 1
        if route is None:
            return 404, "application/json", json.dumps({"error": "no such path"})
        try:
            told = route(dict(parse_qsl(parts.query)))
        except Exception as error:
            self.metrics.errors += 1
            print(f"ERROR {parts.path}: {error}", flush=True)
            return 500, "application/json", json.dumps({"error": type(error).__name__})
        return (200, "text/plain; version=0.0.4", told) if isinstance(told, str) else _json(told)


def _json(told: object) -> Reply:
    return 200, "application/json", json.dumps(told)
