"""What an operator declares about the bot itself: `config/shipmate.yaml` and the environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr

from config.duration import Duration
from config.escalation import EscalationSettings
from config.freezes import Freeze
from config.local import LocalPath
from config.service import Service
from config.settings import WEB_PATH, Settings


class SlackSettings(Settings):
    """Where the crew talks. Channels are ids (`C0RELEASES`), never names."""

    releases_channel: str | None = None
    """Channel of the release cards; absent: the channel the command was typed in."""
    escalation_channel: str | None = None
    """Channel of the person on call."""
    command: str = "/deploy"
    edit_every: Duration = timedelta(seconds=1)
    """Shortest time between two edits of one message."""
    post_every: Duration = timedelta(milliseconds=1050)
    """Shortest time between two new messages in one channel; Slack allows about one a second."""


class ModelSettings(Settings):
    """The model that writes for people. It never decides."""

    summary: str = "claude-haiku-5-5"
    diagnosis: str = "claude-sonnet-5-5"
    timeout: Duration = timedelta(seconds=20)
    """For one whole conversation, retries included."""
    max_tokens: int = Field(default=3000, ge=100, le=8000)
    diff_budget_bytes: int = Field(default=60_000, ge=1000)
    """How much of a diff the model is shown; the rest is listed by name."""
    diagnosis_turns: int = Field(default=6, ge=1, le=20)
    """How often the model may look further into the evidence of a failure, its answer included."""
    diagnosis_timeout: Duration = timedelta(minutes=1)
    """For all of that, retries included."""
    diagnosis_tokens: int = Field(default=60_000, ge=1000)
    """With so many tokens spent on looking, it must answer."""
    diagnosis_answer_bytes: int = Field(default=6000, ge=200)
    """The longest answer of one look."""


class WebhookSettings(Settings):
    """The door for GitHub's signed webhooks; it opens only where GITHUB_WEBHOOK_SECRET is set."""

    host: str = "127.0.0.1"
    port: int = Field(default=8077, ge=0, le=65535)
    path: str = Field(default="/github", pattern=WEB_PATH)


class PollingSettings(Settings):
    """Asking GitHub for news, for bots without a public address. Off where webhooks arrive."""

    enabled: bool = False
    every: Duration = timedelta(minutes=1)


class FailurePolicy(Settings):
    """What happens as failures repeat."""

    report_at: int = Field(default=2, ge=1)
    lock_at: int = Field(default=3, ge=1)
    warnings_raised_at: int = Field(default=5, ge=1)
    """This many releases in a row in which one suite ended with a warning count as a critical failure."""


class Shipmate(Settings):
    """The bot."""

    services: LocalPath = Field(default=Path("services"), validate_default=True)
    """Directory with one YAML file per service, relative to this file."""
    workspace: LocalPath = Field(default=Path("../.shipmate/work"), validate_default=True)
    """Clones, builds and archives."""
    database: str = "sqlite:///../.shipmate/shipmate.db"
    """Overridden by SHIPMATE_DATABASE_URL."""
    slack: SlackSettings = SlackSettings()
    model: ModelSettings = ModelSettings()
    webhooks: WebhookSettings = WebhookSettings()
    polling: PollingSettings = PollingSettings()
    failures: FailurePolicy = FailurePolicy()
    escalation: EscalationSettings = EscalationSettings()
    freezes: tuple[Freeze, ...] = ()
    """Windows in which no service is released into any environment."""
    people: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Humans with several identities, by any name: `{hana: [U0HANA, "terminal:hana"]}` is one person."""
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Slack's user groups by id, for when Slack does not tell who is in them: `{S0RELEASE: [U0HANA, U0MAX]}`."""


class Credentials(Settings):
    """What the process environment holds; never printed, stored or sent to a model."""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    github_token: SecretStr | None = None
    github_api_url: str = "https://api.github.com"
    github_webhook_secret: SecretStr | None = None
    github_app_id: str | None = None
    """GITHUB_APP_ID, with the key below, instead of a token: an installed GitHub App."""
    github_app_private_key: SecretStr | None = None
    github_app_installation: str | None = None
    """Absent: found by the repository."""
    argocd_token: SecretStr | None = None
    linear_api_key: SecretStr | None = None
    linear_api_url: str = "https://api.linear.app/graphql"
    codecov_token: SecretStr | None = None
    codecov_url: str | None = None
    """Absent: Codecov's own."""
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str = "https://api.anthropic.com"
    database_url: SecretStr | None = None
    registry_username: str | None = None
    registry_password: SecretStr | None = None
    """SHIPMATE_REGISTRY_USERNAME / SHIPMATE_REGISTRY_PASSWORD: to push images and to check the host's login."""
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    """SHIPMATE_SMTP_USERNAME / SHIPMATE_SMTP_PASSWORD; absent: the mail server wants no login."""
    escalation_secret: SecretStr | None = None
    """SHIPMATE_ESCALATION_SECRET: signs what goes to `escalation.webhook`."""


class Configuration(Settings):
    """All that was loaded: the bot, its services by name, and the credentials."""

    path: Path
    shipmate: Shipmate
    services: dict[str, Service]
    credentials: Credentials
