"""Check runs: written by apps only, 50 annotations in one request, and those that are there stay."""

from typing import Any

from tests.emulators.github import shapes
from tests.emulators.github.calls import Answer, Call, Refusal, Route, found
from tests.emulators.github.world import CheckRun

Json = dict[str, Any]

ANNOTATIONS_AT_ONCE = 50
LONGEST_TEXT = 65_535
LEVELS = ("notice", "warning", "failure")


def check_runs(call: Call) -> Answer:
    """GET commits/{ref}/check-runs?check_name=&filter=: the newest of each name, or all."""
    sha, name = call.commit(call.params["ref"]), call.query.get("check_name")
    mine = [one for one in call.repository.check_runs.values() if one.sha == sha and name in (None, one.name)]
    if call.query.get("filter", "latest") == "latest":
        mine = list({(one.name, one.app, one.suite): one for one in mine}.values())
    shown = [shapes.check_run(call, one) for one in mine]
    return Answer({"total_count": len(mine), "check_runs": shown}, listed="check_runs")


def check_suites(call: Call) -> Answer:
    """GET commits/{ref}/check-suites."""
    sha = call.commit(call.params["ref"])
    mine = [shapes.check_suite(call, one) for one in call.repository.check_suites if one.sha == sha]
    return Answer({"total_count": len(mine), "check_suites": mine}, listed="check_suites")


def create(call: Call) -> Answer:
    """POST check-runs."""
    _require_app(call)
    name, head_sha = call.need("name", "head_sha")
    app, sha = call.actor.removesuffix("[bot]"), call.commit(head_sha)
    one = CheckRun(call.repository.new_id(), sha, name, {}, call.repository.now(), app=app)
    _write(one, {key: value for key, value in call.body.items() if key not in ("name", "head_sha")})
    call.repository.check_runs[one.id] = one
    return Answer(shapes.check_run(call, one), 201)


def read(call: Call) -> Answer:
    """GET check-runs/{id}."""
    return Answer(shapes.check_run(call, _check_run(call)))


def edit(call: Call) -> Answer:
    """PATCH check-runs/{id}."""
    _require_app(call)
    one = _check_run(call)
    _write(one, dict(call.body))
    return Answer(shapes.check_run(call, one))


def annotations(call: Call) -> Answer:
    """GET check-runs/{id}/annotations."""
    return Answer([shapes.annotation(call, one) for one in _check_run(call).annotations])


def _require_app(call: Call) -> None:
    if not call.actor.endswith("[bot]"):
        raise Refusal(403, "You must authenticate via a GitHub App.")
    if not call.repository.checks_writable:
        raise Refusal(403, "Resource not accessible by integration")


def _write(one: CheckRun, fields: Json) -> None:
    if "conclusion" in fields:
        fields.setdefault("status", "completed")
    if fields.get("status") == "completed" and "conclusion" not in fields:
        raise Refusal(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    output = dict(fields.get("output", {}))
    further = output.pop("annotations", [])
    _require_limits(output, further)
    one.annotations += further
    one.fields |= fields | ({"output": one.fields.get("output", {}) | output} if output else {})


def _require_limits(output: Json, further: list[Json]) -> None:
    if len(further) > ANNOTATIONS_AT_ONCE:
        raise Refusal(422, f"Invalid request.\n\nNo more than {ANNOTATIONS_AT_ONCE} items are allowed.")
    if any(len(str(output.get(key) or "")) > LONGEST_TEXT for key in ("summary", "text")):
        raise Refusal(422, f"Invalid request.\n\nOnly {LONGEST_TEXT} characters are allowed.")
    if any(one["annotation_level"] not in LEVELS or one["start_line"] < 1 for one in further):
        raise Refusal(422, "Invalid request.\n\nFor 'items', the level or the line of an annotation is wrong.")


def _check_run(call: Call) -> CheckRun:
    one: CheckRun = found(call.repository.check_runs.get(int(call.params["id"])))
    return one


ROUTES: tuple[Route, ...] = (
    ("GET", "/commits/{ref}/check-runs", check_runs),
    ("GET", "/commits/{ref}/check-suites", check_suites),
    ("POST", "/check-runs", create),
    ("GET", "/check-runs/{id}", read),
    ("PATCH", "/check-runs/{id}", edit),
    ("GET", "/check-runs/{id}/annotations", annotations),
)
