"""Whom a locked service calls beside Slack, and how often."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from config.duration import Duration
from config.local import LocalPath
from config.settings import WEB_ADDRESS, MailAddress, Settings


class EmailSettings(Settings):
    """Letters about escalations; none where there is no host or nobody to write to."""

    host: str | None = None
    """The mail server."""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`tls` from the first byte on (usually port 465); `none` sends no login, and is for a server on this machine."""
    sender: MailAddress = "shipmate@localhost"
    recipients: tuple[MailAddress, ...] = ()
    """Addresses; each gets a letter of its own."""
    timeout: Duration = timedelta(seconds=20)
    """For one letter."""
    ca_file: LocalPath | None = None
    """Certificates to trust instead of the system's; for a mail server with a certificate of one's own."""


class HookSettings(Settings):
    """Signed JSON to one address; nothing is sent where there is none, or no SHIPMATE_ESCALATION_SECRET."""

    url: str | None = Field(default=None, pattern=WEB_ADDRESS)
    timeout: Duration = timedelta(seconds=10)
    """For one delivery."""


class EscalationSettings(Settings):
    """What happens beside the message in Slack once a target is locked."""

    remind_every: Duration = timedelta(minutes=15)
    """How long nobody may take care before the next owner is called."""
    remind_at_most: int = Field(default=4, ge=0, le=100)
    """So many reminders; 0 for none."""
    email: EmailSettings = EmailSettings()
    webhook: HookSettings = HookSettings()
