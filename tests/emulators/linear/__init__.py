"""A Linear on loopback: issues of teams, asked over GraphQL by Linear's own schema."""

from tests.emulators.linear.emulator import LinearEmulator
from tests.emulators.linear.world import Issue, Team

__all__ = ["Issue", "LinearEmulator", "Team"]
