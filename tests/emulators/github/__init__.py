"""A GitHub on loopback: git facts come from real bare repositories, everything else is plain Python state."""

from tests.emulators.github.emulator import GitHubEmulator
from tests.emulators.github.world import CheckRun, Comment, Deployment, Pull, Release, Repository, Status

__all__ = ["CheckRun", "Comment", "Deployment", "GitHubEmulator", "Pull", "Release", "Repository", "Status"]
