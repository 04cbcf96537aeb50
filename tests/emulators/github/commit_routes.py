"""The repository, its branches, tags and commits, and what lies between two of them."""

from typing import Any

from tests.emulators.github import shapes
from tests.emulators.github.calls import NOT_FOUND, Answer, Call, Refusal, Route, found
from tests.emulators.github.world import Activity

Json = dict[str, Any]

COMPARED_FILES = 300


def repository(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return Answer(shapes.repository(call))


def branches(call: Call) -> Answer:
    """GET branches."""
    names = call.repository.git.refs("refs/heads")
    return Answer([_branch(call, name.removeprefix("refs/heads/"), sha) for name, sha, _ in names])


def branch(call: Call) -> Answer:
    """GET branches/{branch}."""
    name = call.params["branch"]
    shas = {ref: sha for ref, sha, _ in call.repository.git.refs(f"refs/heads/{name}")}
    return Answer(_branch(call, name, found(shas.get(f"refs/heads/{name}"))))


def _branch(call: Call, name: str, sha: str) -> Json:
    return {"name": name, "commit": shapes.commit(call, sha), "protected": False}


def tags(call: Call) -> Answer:
    """GET tags."""
    names = sorted(
        (ref.removeprefix("refs/tags/") for ref, _, _ in call.repository.git.refs("refs/tags")), reverse=True
    )
    shas = {name: call.commit(name) for name in names}
    return Answer(
        [
            {"name": name, "commit": {"sha": sha, "url": shapes.api(call, f"/commits/{sha}")}}
            for name, sha in shas.items()
        ]
    )


def commits(call: Call) -> Answer:
    """GET commits?sha=&path=."""
    start = call.commit(call.query.get("sha", call.repository.default_branch))
    shas = call.repository.git.log(start, path=call.query.get("path"))
    return Answer([shapes.commit(call, sha) for sha in shas])


def commit(call: Call) -> Answer:
    """GET commits/{ref}, with its files against the first parent."""
    sha = call.commit(call.params["ref"])
    facts = call.repository.git.commit(sha)
    from_ = facts.parents[0] if facts.parents else _empty(call)
    changes = call.repository.git.changes(from_, sha)
    added, deleted = sum(one.added for one in changes), sum(one.deleted for one in changes)
    stats = {"additions": added, "deletions": deleted, "total": added + deleted}
    files = [shapes.file(call, change, sha) for change in changes]
    return Answer(shapes.commit(call, sha) | {"stats": stats, "files": files}, listed="files")


def _empty(call: Call) -> str:
    return call.repository.git.tree(None, ())


def pulls_of_commit(call: Call) -> Answer:
    """GET commits/{sha}/pulls."""
    return Answer([shapes.pull(call, one) for one in call.repository.pulls_with(call.commit(call.params["ref"]))])


def compare(call: Call) -> Answer:
    """GET compare/{base}...{head}: from where they parted, 300 files at most and those on the first page."""
    git = call.repository.git
    base, head = map(call.commit, call.params["spec"].split("...", 1))
    start = found(git.merge_base(base, head))
    ahead, behind = git.log(head, f"^{base}")[::-1], git.log(base, f"^{head}")
    files = git.changes(start, head)[:COMPARED_FILES] if call.query.get("page", "1") == "1" else []
    return Answer(
        {
            "url": shapes.api(call, f"/compare/{call.params['spec']}"),
            "html_url": shapes.web(call, f"/compare/{call.params['spec']}"),
            "permalink_url": shapes.web(call, f"/compare/{base}...{head}"),
            "diff_url": shapes.web(call, f"/compare/{call.params['spec']}.diff"),
            "patch_url": shapes.web(call, f"/compare/{call.params['spec']}.patch"),
            "status": _relation(len(ahead), len(behind)),
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "base_commit": shapes.commit(call, base),
            "merge_base_commit": shapes.commit(call, start),
            "commits": [shapes.commit(call, sha) for sha in ahead],
            "files": [shapes.file(call, change, head) for change in files],
        },
        listed="commits",
    )


def activity(call: Call) -> Answer:
    """GET activity?ref=: who moved which branch, the newest first."""
    if not call.repository.activity_readable:
        raise Refusal(404, NOT_FOUND)
    wanted = call.query.get("ref", "")
    full = wanted if wanted.startswith("refs/") or not wanted else f"refs/heads/{wanted}"
    found_ = [one for one in reversed(call.repository.activities) if full in ("", one.ref)]
    return Answer([_activity(call, one) for one in found_])


def _activity(call: Call, one: Activity) -> Json:
    return {
        "id": one.id,
        "node_id": f"A_{one.id}",
        "before": one.before,
        "after": one.after,
        "ref": one.ref,
        "timestamp": shapes.when(one.at),
        "activity_type": one.kind,
        "actor": shapes.user(call, one.actor) if one.actor else None,
    }


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


ROUTES: tuple[Route, ...] = (
    ("GET", "", repository),
    ("GET", "/activity", activity),
    ("GET", "/branches", branches),
    ("GET", "/branches/{branch:.+}", branch),
    ("GET", "/tags", tags),
    ("GET", "/commits", commits),
    ("GET", "/commits/{ref}/pulls", pulls_of_commit),
    ("GET", "/compare/{spec:.+}", compare),
    ("GET", "/commits/{ref:.+}", commit),
)
