"""The tables. Moments are ISO 8601 text in UTC, which sorts; documents are JSON."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

releases = Table(
    "releases",
    metadata,
    Column("id", String, primary_key=True),
    Column("request", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("service", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("version", String, nullable=False),
    Column("trigger", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("origin", JSON, nullable=False),
    Column("requested_at", String, nullable=False),
    Column("status", String, nullable=False),
    Column("stage", String, nullable=False, default=""),
    Column("finished_at", String),
    Column("outcome", String),
    Column("cause", Text, nullable=False, default=""),
    Column("commit", String, nullable=False, default=""),
    Column("from_version", String, nullable=False, default=""),
    Column("cancelled_by", String),
    Index("releases_by_target", "service", "environment", "requested_at"),
    Index("releases_by_outcome", "outcome"),
    Index("releases_by_target_and_outcome", "service", "environment", "outcome"),
    Index("releases_by_time", "requested_at"),
)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("release", ForeignKey("releases.id"), nullable=False),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", String, nullable=False),
    Index("events_once", "release", "key", unique=True),
)

revisions = Table(
    "revisions",
    metadata,
    Column("release", ForeignKey("releases.id"), primary_key=True),
    Column("number", Integer, nullable=False),
    Index("revisions_by_number", "number"),
)

plans = Table(
    "plans",
    metadata,
    Column("release", ForeignKey("releases.id"), primary_key=True),
    Column("digest", String, nullable=False),
    Column("document", JSON, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", String, primary_key=True),
    Column("release", ForeignKey("releases.id"), nullable=False, index=True),
    Column("digest", String, nullable=False),
    Column("asked_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("choice", String),
    Column("decided_by", String),
    Column("decided_at", String),
    Column("reason", Text, nullable=False, default=""),
)

votes = Table(
    "votes",
    metadata,
    Column("question", ForeignKey("questions.id"), primary_key=True),
    Column("person", String, primary_key=True),
    Column("choice", String, nullable=False),
    Column("at", String, nullable=False),
)

deployments = Table(
    "deployments",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("component", String, primary_key=True),
    Column("current", JSON(none_as_null=True)),
    Column("previous", JSON(none_as_null=True)),
    Column("release", String, nullable=False),
    Column("at", String, nullable=False),
)

targets = Table(
    "targets",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("warnings", Integer, nullable=False, default=0),
    Column("recent_failures", JSON, nullable=False, default=list),
    Column("locked_at", String),
    Column("locked_by", String),
    Column("acknowledged_by", String),
    Column("fence", Integer, nullable=False, default=0),
    Column("succeeded_by", String),
)

locks = Table(
    "locks",
    metadata,
    Column("id", String, primary_key=True),
    Column("service", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", String, nullable=False),
    Column("until", String),
    Column("channel", String, nullable=False),
    Column("ended_at", String),
    Column("ended_by", String),
    Index("locks_by_target", "service", "environment", "ended_at"),
    Index("locks_by_end", "ended_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("service", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("release", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("since", String, nullable=False),
    Column("heartbeat", String, nullable=False),
    Column("fence", Integer, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("release", String, primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("ts", String, nullable=False),
    Column("rendering", String, nullable=False, default=""),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String, primary_key=True),
    Column("at", String, nullable=False),
)

github_deliveries = Table(
    "github_deliveries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("event", JSON, nullable=False),
    Column("at", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("done_at", String),
    Column("note", Text, nullable=False, default=""),
    Index("github_deliveries_open", "done_at", "seq"),
)

github_listings = Table(
    "github_listings",
    metadata,
    Column("repository", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("known", JSON, nullable=False),
    Column("pages", JSON, nullable=False),
    Column("at", String, nullable=False),
)

gates = Table(
    "gates",
    metadata,
    Column("repository", String, primary_key=True),
    Column("commit", String, primary_key=True),
    Column("lines", JSON, nullable=False),
    Column("base", String, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("verdict", JSON(none_as_null=True)),
    Column("coverage", JSON, nullable=False),
    Column("asked_at", String, nullable=False),
    Column("done_at", String),
    Index("gates_open", "done_at", "asked_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("action", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("person", String, nullable=False),
    Column("workspace", String, nullable=False),
    Column("door", String, nullable=False),
    Column("service", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("release", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("seal", String, nullable=False),
    Index("audit_by_service", "service", "number"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("release", ForeignKey("releases.id"), primary_key=True),
    Column("service", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("version", String, nullable=False),
    Column("person", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("owed_at", String, nullable=False),
    Column("given_by", String),
    Column("given_at", String),
    Column("note", Text, nullable=False, default=""),
    Index("reviews_owed", "given_by", "service", "environment"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("channel", String, nullable=False),
    Column("address", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("at", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", String, nullable=False),
    Column("done_at", String),
    Column("note", Text, nullable=False, default=""),
    Index("outbox_open", "channel", "done_at", "seq"),
)
