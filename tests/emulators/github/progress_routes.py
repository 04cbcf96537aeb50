"""How a commit is doing: statuses and deployments."""

from tests.emulators.github import shapes
from tests.emulators.github.calls import Answer, Call, Refusal, Route, found
from tests.emulators.github.world import Deployment, Status

COMMIT_STATES = ("error", "failure", "pending", "success")
DEPLOYMENT_STATES = (*COMMIT_STATES, "inactive", "in_progress", "queued")
DESCRIPTION_CHARACTERS = 140
STATUSES_PER_CONTEXT = 1000


def create_status(call: Call) -> Answer:
    """POST statuses/{sha}."""
    sha = call.commit(call.params["sha"])
    one = _status(call, sha, COMMIT_STATES, call.body.get("context", "default"))
    if (
        sum((old.subject, old.context) == (sha, one.context) for old in call.repository.statuses)
        >= STATUSES_PER_CONTEXT
    ):
        raise Refusal(422, "This SHA and context has reached the maximum number of statuses.")
    call.repository.statuses.append(one)
    return Answer(shapes.status(call, one, f"/statuses/{sha}"), 201)


def statuses(call: Call) -> Answer:
    """GET commits/{ref}/statuses, newest first."""
    sha = call.commit(call.params["ref"])
    mine = [one for one in reversed(call.repository.statuses) if one.subject == sha]
    return Answer([shapes.status(call, one, f"/statuses/{sha}") for one in mine])


def combined_status(call: Call) -> Answer:
    """GET commits/{ref}/status: the newest of each context, and the worst of them."""
    sha = call.commit(call.params["ref"])
    newest = {one.context: one for one in call.repository.statuses if one.subject == sha}
    states = {one.state for one in newest.values()}
    state = (
        "failure" if states & {"failure", "error"} else "pending" if "pending" in states or not states else "success"
    )
    listed = [shapes.status(call, one, f"/statuses/{sha}") for one in newest.values()]
    shape = {"state": state, "statuses": listed, "sha": sha, "total_count": len(listed)}
    address = {"commit_url": shapes.api(call, f"/commits/{sha}"), "url": shapes.api(call, f"/commits/{sha}/status")}
    return Answer(shape | address | {"repository": shapes.repository(call)}, listed="statuses")


def deployments(call: Call) -> Answer:
    """GET deployments?sha=&ref=&task=&environment=, newest first."""
    wanted = {key: value for key, value in call.query.items() if key in ("sha", "ref", "task", "environment")}
    chosen = [
        one
        for one in reversed(call.repository.deployments.values())
        if all(getattr(one, key) == value for key, value in wanted.items())
    ]
    return Answer([shapes.deployment(call, one) for one in chosen])


def create_deployment(call: Call) -> Answer:
    """POST deployments: refuses on missing contexts, and merges instead of deploying where auto_merge applies."""
    (ref,) = call.need("ref")
    sha, default = call.commit(ref), call.commit(call.repository.default_branch)
    if (
        call.body.get("auto_merge", True)
        and call.repository.git.merge_base(sha, default) not in (default, None)
        and ref != sha
    ):
        return Answer({"message": f"Auto-merged {call.repository.default_branch} into {ref} on deployment."}, 202)
    required = call.body.get("required_contexts")
    green = {one.context for one in call.repository.statuses if one.subject == sha and one.state == "success"}
    missing = set(call.repository.contexts_required if required is None else required) - green
    if missing:
        raise Refusal(409, f"Conflict: Commit status checks failed for {ref}.", [{"contexts": sorted(missing)}])
    one = Deployment(
        id=call.repository.new_id(),
        sha=sha,
        ref=ref,
        environment=call.body.get("environment", "production"),
        task=call.body.get("task", "deploy"),
        description=call.body.get("description") or "",
        payload=call.body.get("payload", ""),
        production=bool(call.body.get("production_environment", True)),
        creator=call.actor,
        created_at=call.repository.now(),
    )
    call.repository.deployments[one.id] = one
    return Answer(shapes.deployment(call, one), 201)


def deployment(call: Call) -> Answer:
    """GET deployments/{id}."""
    return Answer(shapes.deployment(call, _deployment(call)))


def deployment_statuses(call: Call) -> Answer:
    """GET deployments/{id}/statuses, newest first."""
    one = _deployment(call)
    address = f"/deployments/{one.id}/statuses"
    return Answer([shapes.status(call, status, f"{address}/{status.id}") for status in reversed(one.statuses)])


def create_deployment_status(call: Call) -> Answer:
    """POST deployments/{id}/statuses."""
    one = _deployment(call)
    status = _status(call, str(one.id), DEPLOYMENT_STATES, call.body.get("environment", one.environment))
    one.statuses.append(status)
    if status.state == "success" and call.body.get("auto_inactive", True):
        _retire_others(call, one)
    return Answer(shapes.status(call, status, f"/deployments/{one.id}/statuses/{status.id}"), 201)


def _retire_others(call: Call, one: Deployment) -> None:
    """Mark what ran before in the same environment as inactive; GitHub leaves production alone."""
    for other in call.repository.deployments.values():
        before = other.id != one.id and other.environment == one.environment and not other.production
        if before and other.statuses and other.statuses[-1].state == "success":
            number, now = call.repository.new_id(), call.repository.now()
            other.statuses.append(
                Status(number, str(other.id), "inactive", other.environment, "", "", one.creator, now)
            )


def _status(call: Call, subject: str, states: tuple[str, ...], context: str) -> Status:
    (state,) = call.need("state")
    description = call.body.get("description") or ""
    if state not in states:
        raise Refusal(
            422,
            "Validation Failed",
            [{"field": "state", "code": "custom", "message": "state is not included in the list"}],
        )
    if len(description) > DESCRIPTION_CHARACTERS:
        raise Refusal(
            422,
            "Validation Failed",
            [{"field": "description", "message": "description is too long (maximum is 140 characters)"}],
        )
    number, url = call.repository.new_id(), call.body.get("log_url") or call.body.get("target_url") or ""
    shown = call.body.get("environment_url") or ""
    return Status(number, subject, state, context, description, url, call.actor, call.repository.now(), shown)


def _deployment(call: Call) -> Deployment:
    one: Deployment = found(call.repository.deployments.get(int(call.params["id"])))
    return one


ROUTES: tuple[Route, ...] = (
    ("POST", "/statuses/{sha}", create_status),
    ("GET", "/commits/{ref}/statuses", statuses),
    ("GET", "/statuses/{ref}", statuses),  # the old address, which PyGithub uses
    ("GET", "/commits/{ref}/status", combined_status),
    ("GET", "/deployments", deployments),
    ("POST", "/deployments", create_deployment),
    ("GET", "/deployments/{id}", deployment),
    ("GET", "/deployments/{id}/statuses", deployment_statuses),
    ("POST", "/deployments/{id}/statuses", create_deployment_status),
)
