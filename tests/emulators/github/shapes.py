"""The JSON shapes of GitHub's objects, as far as the bot and PyGithub read them."""

import zlib
from datetime import datetime
from typing import Any

from tests.emulators.github.calls import Call
from tests.emulators.github.git import FileChange
from tests.emulators.github.world import CheckRun, CheckSuite, Comment, Deployment, Pull, Release, Status

Json = dict[str, Any]
WEB = "https://github.com"


def when(moment: datetime) -> str:
    """Write a moment as the API does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def user(call: Call, login: str) -> Json:
    """Shape an account."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    identity = {"login": login, "id": zlib.crc32(login.encode()), "node_id": f"U_{login}", "type": kind}
    return identity | {"site_admin": False, "url": f"{call.base_url}/users/{login}", "html_url": f"{WEB}/{login}"}


def api(call: Call, path: str = "") -> str:
    """Build an address below the repository."""
    return f"{call.base_url}/repos/{call.repository.full_name}{path}"


def web(call: Call, path: str = "") -> str:
    """Build an address that a person would open."""
    return f"{WEB}/{call.repository.full_name}{path}"


def repository(call: Call) -> Json:
    """Shape the repository."""
    full_name = call.repository.full_name
    owner, name = full_name.split("/")
    identity = {"id": zlib.crc32(full_name.encode()), "node_id": f"R_{name}", "name": name, "full_name": full_name}
    links = {"url": api(call), "html_url": web(call), "clone_url": web(call, ".git")}
    permissions = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
    branch = {"default_branch": call.repository.default_branch, "private": True, "fork": False, "archived": False}
    return identity | links | branch | {"owner": user(call, owner), "permissions": permissions}


def git_commit(call: Call, sha: str) -> Json:
    """Shape a commit as the git database has it."""
    facts = call.repository.git.commit(sha)
    author, committer = (
        dict(zip(("name", "email", "date"), who, strict=True)) for who in (facts.author, facts.committer)
    )
    return {
        "sha": sha,
        "node_id": f"C_{sha[:10]}",
        "url": api(call, f"/git/commits/{sha}"),
        "html_url": web(call, f"/commit/{sha}"),
        "author": author,
        "committer": committer,
        "message": facts.message,
        "tree": {"sha": facts.tree, "url": api(call, f"/git/trees/{facts.tree}")},
        "parents": [_parent(call, parent) for parent in facts.parents],
        "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
    }


def commit(call: Call, sha: str) -> Json:
    """Shape a commit as the repository shows it."""
    inner = git_commit(call, sha)
    parents = inner.pop("parents")
    inner["comment_count"] = 0
    return {
        "sha": sha,
        "node_id": f"C_{sha[:10]}",
        "url": api(call, f"/commits/{sha}"),
        "html_url": web(call, f"/commit/{sha}"),
        "comments_url": api(call, f"/commits/{sha}/comments"),
        "commit": inner,
        "author": user(call, inner["author"]["name"]),
        "committer": user(call, inner["committer"]["name"]),
        "parents": parents,
    }


def _parent(call: Call, sha: str) -> Json:
    return {"sha": sha, "url": api(call, f"/commits/{sha}"), "html_url": web(call, f"/commit/{sha}")}


def file(call: Call, change: FileChange, head: str) -> Json:
    """Shape a changed file."""
    shape: Json = {
        "sha": change.blob if change.status != "removed" else None,
        "filename": change.path,
        "status": change.status,
        "additions": change.added,
        "deletions": change.deleted,
        "changes": change.added + change.deleted,
        "blob_url": web(call, f"/blob/{head}/{change.path}"),
        "raw_url": web(call, f"/raw/{head}/{change.path}"),
        "contents_url": api(call, f"/contents/{change.path}?ref={head}"),
    }
    shape |= {"previous_filename": change.previous} if change.previous else {}
    return shape | ({"patch": change.patch} if change.patch else {})


def _side(call: Call, ref: str, sha: str, fork: str = "") -> Json:
    owner = (fork or call.repository.full_name).split("/")[0]
    place = repository(call) | ({"full_name": fork, "fork": True} if fork else {})
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user(call, owner), "repo": place}


def pull(call: Call, one: Pull) -> Json:
    """Shape a pull request."""
    call.repository.refreshed(one)
    return {
        "id": one.number,
        "node_id": f"PR_{one.number}",
        "number": one.number,
        "state": one.state,
        "locked": False,
        "draft": False,
        "title": one.title,
        "body": one.body,
        "user": user(call, one.author),
        "labels": [{"id": zlib.crc32(label.encode()), "name": label} for label in one.labels],
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(call, one.head, one.head_sha, one.fork),
        "base": _side(call, one.base, one.base_sha),
        "merged": one.merged_at is not None,
        "merged_at": when(one.merged_at) if one.merged_at else None,
        "merge_commit_sha": one.merge_sha,
        "mergeable": True if one.state == "open" else None,
        "created_at": when(one.created_at),
        "updated_at": when(one.created_at),
        "closed_at": when(one.merged_at) if one.merged_at else None,
        "url": api(call, f"/pulls/{one.number}"),
        "issue_url": api(call, f"/issues/{one.number}"),
        "html_url": web(call, f"/pull/{one.number}"),
    }


def comment(call: Call, one: Comment) -> Json:
    """Shape a comment."""
    return {
        "id": one.id,
        "node_id": f"IC_{one.id}",
        "url": api(call, f"/issues/comments/{one.id}"),
        "html_url": web(call, f"/pull/{one.issue}#issuecomment-{one.id}"),
        "issue_url": api(call, f"/issues/{one.issue}"),
        "body": one.body,
        "user": user(call, one.author),
        "created_at": when(one.created_at),
        "updated_at": when(one.updated_at),
        "author_association": "MEMBER",
    }


def release(call: Call, one: Release) -> Json:
    """Shape a release."""
    return {
        "id": one.id,
        "node_id": f"RE_{one.id}",
        "tag_name": one.tag,
        "target_commitish": one.target,
        "name": one.name,
        "body": one.body,
        "draft": one.draft,
        "prerelease": one.prerelease,
        "author": user(call, one.author),
        "assets": [],
        "created_at": when(one.created_at),
        "published_at": None if one.draft else when(one.created_at),
        "url": api(call, f"/releases/{one.id}"),
        "assets_url": api(call, f"/releases/{one.id}/assets"),
        "upload_url": api(call, f"/releases/{one.id}/assets{{?name,label}}"),
        "html_url": web(call, f"/releases/tag/{one.tag}"),
        "tarball_url": None,
        "zipball_url": None,
    }


def status(call: Call, one: Status, address: str) -> Json:
    """Shape a commit or deployment status."""
    return {
        "id": one.id,
        "node_id": f"S_{one.id}",
        "url": api(call, address),
        "state": one.state,
        "context": one.context,
        "environment": one.context,
        "description": one.description,
        "target_url": one.target_url,
        "log_url": one.target_url,
        "environment_url": one.environment_url,
        "avatar_url": None,
        "creator": user(call, one.creator),
        "created_at": when(one.created_at),
        "updated_at": when(one.created_at),
    }


def deployment(call: Call, one: Deployment) -> Json:
    """Shape a deployment."""
    address = api(call, f"/deployments/{one.id}")
    return {
        "id": one.id,
        "node_id": f"DE_{one.id}",
        "url": address,
        "statuses_url": f"{address}/statuses",
        "repository_url": api(call),
        "sha": one.sha,
        "ref": one.ref,
        "task": one.task,
        "payload": one.payload,
        "environment": one.environment,
        "original_environment": one.environment,
        "description": one.description,
        "production_environment": one.production,
        "transient_environment": False,
        "creator": user(call, one.creator),
        "created_at": when(one.created_at),
        "updated_at": when(one.created_at),
    }


def check_run(call: Call, one: CheckRun) -> Json:
    """Shape a check run."""
    output = {"title": None, "summary": None, "text": None} | one.fields.get("output", {})
    output["annotations_count"] = len(one.annotations)
    output["annotations_url"] = api(call, f"/check-runs/{one.id}/annotations")
    defaults = {"status": "queued", "conclusion": None, "external_id": "", "details_url": None}
    return {
        **defaults,
        **one.fields,
        "id": one.id,
        "node_id": f"CR_{one.id}",
        "name": one.name,
        "head_sha": one.sha,
        "output": output,
        "started_at": one.fields.get("started_at", when(one.created_at)),
        "completed_at": one.fields.get("completed_at"),
        "pull_requests": [],
        "check_suite": {"id": one.id},
        "app": app(one.app),
        "url": api(call, f"/check-runs/{one.id}"),
        "html_url": web(call, f"/runs/{one.id}"),
    }


def annotation(call: Call, one: Json) -> Json:
    """Shape one remark of a check run."""
    unset = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return unset | one | {"blob_href": web(call, f"/blob/main/{one['path']}")}


def check_suite(call: Call, one: CheckSuite) -> Json:
    """Shape what an App intends to check."""
    return {
        "id": one.id,
        "node_id": f"CS_{one.id}",
        "head_sha": one.sha,
        "status": one.status,
        "conclusion": one.conclusion,
        "url": api(call, f"/check-suites/{one.id}"),
        "pull_requests": [],
        "app": app(one.app),
        "latest_check_runs_count": sum(
            (run.sha, run.app) == (one.sha, one.app) for run in call.repository.check_runs.values()
        ),
    }


def app(slug: str) -> Json:
    """Shape an App."""
    identity = {"id": zlib.crc32(slug.encode()), "slug": slug, "node_id": f"A_{slug}", "name": slug}
    return identity | {"html_url": f"{WEB}/apps/{slug}", "external_url": WEB, "description": None}
