"""Claude's Messages API on loopback: scripted replies, a helpful writer, and an obedient adversary."""

from tests.emulators.anthropic.adversary import ObedientAdversary
from tests.emulators.anthropic.emulator import AnthropicEmulator
from tests.emulators.anthropic.requests import Request
from tests.emulators.anthropic.writer import helpful

__all__ = ["AnthropicEmulator", "ObedientAdversary", "Request", "helpful"]
