"""An environment behind a deployment repository: its file, and the ArgoCD application that follows it."""

import asyncio
from contextlib import closing

from agents.entrypoints.checkup.check import Check, missing, ok, settled
from agents.entrypoints.checkup.services import Subject, judged_approval
from agents.entrypoints.github_login import github_client
from config.service import ApprovalPolicy
from config.targets import GitopsTarget
from tools.argocd import ArgoCd
from tools.clock import SystemClock
from tools.gitops import DeploymentRepository
from tools.redaction import Redactor


async def deployment_checks(
    subject: Subject, name: str, approval: ApprovalPolicy, target: GitopsTarget
) -> tuple[Check, ...]:
    """Look at who approves, at the file that names the images, and at the application; nothing is synced."""
    application = target.argocd.application
    found = await asyncio.gather(
        settled(f"{target.repository}: {target.file}", _file(subject, target), subject.limit),
        settled(f"ArgoCD {application}", _application(subject, target), subject.limit),
    )
    return (judged_approval(approval, f"environments.{name}.approval.approvers of {subject.file}"), *found)


async def _file(subject: Subject, target: GitopsTarget) -> Check:
    line = f"{target.repository}: {target.file}"
    client = github_client(subject.configuration.credentials, Redactor())
    if client is None:
        how = f"Set GITHUB_TOKEN to a token with contents: write on {target.repository}, or use a GitHub App."
        return missing(line, "no login for GitHub, so it cannot be written", how)
    with closing(client):
        repository = DeploymentRepository(client, target, SystemClock())
        standing, writable = await asyncio.gather(repository.standing(), repository.writable())
    if not writable:
        return missing(line, "may be read, but not written", f"Give the login contents: write on {target.repository}.")
    return ok(line, f"names {', '.join(f'{part} {pin}' for part, pin in sorted(standing.pins.items()))}")


async def _application(subject: Subject, target: GitopsTarget) -> Check:
    application = await ArgoCd(target.argocd, subject.configuration.credentials.argocd_token).application()
    return ok(f"ArgoCD {target.argocd.application}", application.told)
