"""The pull request of the sample's history, put into the memory of the GitHub emulator."""

from datetime import timedelta

from tests.emulators.github.world import Pull, Repository
from tests.stage.observer.history import PULL_REQUEST, STEPS, moment


def remember_pull_request(repository: Repository) -> Pull:
    """Let GitHub know how the last commit of v1.2.3 came into the main branch; the emulator's git is a bare clone."""
    merged = repository.git.resolve(PULL_REQUEST.branch)
    base = repository.git.resolve(f"{PULL_REQUEST.branch}~1") if merged else None
    if merged is None or base is None:
        raise LookupError(f"There is no branch {PULL_REQUEST.branch} in {repository.full_name}")
    number = next(n for n, step in enumerate(STEPS, start=1) if f"(#{PULL_REQUEST.number})" in step.subject)
    pull = Pull(
        number=PULL_REQUEST.number,
        title=PULL_REQUEST.title,
        body=PULL_REQUEST.body,
        head=PULL_REQUEST.branch,
        base="main",
        author=PULL_REQUEST.author,
        created_at=moment(number) - timedelta(hours=3),
        head_sha=merged,
        base_sha=base,
        state="closed",
        merged_at=moment(number),
        merge_sha=merged,
    )
    repository.pulls[pull.number] = pull
    return pull
