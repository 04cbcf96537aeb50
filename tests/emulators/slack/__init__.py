"""A Slack workspace on loopback: people type and click, one app answers over Socket Mode and the Web API."""

from tests.emulators.slack.emulator import SlackEmulator
from tests.emulators.slack.limits import PUBLISHED_LIMITS
from tests.emulators.slack.sockets import Delivery
from tests.emulators.slack.world import Channel, Message, Person, View

__all__ = ["PUBLISHED_LIMITS", "Channel", "Delivery", "Message", "Person", "SlackEmulator", "View"]
