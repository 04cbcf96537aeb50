"""Letters by SMTP: plain text, one recipient each, with an id of their own so that a repeated one is known as such."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
from pydantic import SecretStr

from config.escalation import EmailSettings
from tools.errors import Denied, Garbled, TimedOut, ToolError, Unreachable, Unwanted

_LONGEST_SUBJECT = 200
_TEMPORARY = range(400, 500)


class Deferred(Unreachable):
    """The mail server answers, and takes this letter later."""

    code = "deferred"


@dataclass(frozen=True, slots=True)
class Post:
    """A letter as it is to be sent."""

    key: str
    """The same key is the same letter."""
    thread: str
    """Letters with the same word here are shown together."""
    to: str
    subject: str
    text: str
    at: datetime


class Mail:
    """One mail server."""

    def __init__(self, settings: EmailSettings, username: str | None = None, password: SecretStr | None = None) -> None:
        self._settings = settings
        self._login = (username, password.get_secret_value()) if username and password else None

    async def send(self, post: Post) -> None:
        """Give a letter to the server; returns when the server has taken it.

        Raises `Denied` where the server refuses login, sender or recipient, `Unwanted` where it refuses what is
        written, `Deferred` where it asks to wait, and `Unreachable` or `TimedOut` where nobody knows: then the
        same letter may be sent again.
        """
        letter = _letter(post, self._settings.sender)
        async with self._connected(f"The letter to {post.to}") as server:
            await server.send_message(letter, sender=self._settings.sender, recipients=[post.to])

    async def check(self) -> None:
        """See that the server answers, can keep what it hears to itself, and takes the login. Nothing is sent."""
        async with self._connected("The mail server") as server:
            await server.noop()

    @asynccontextmanager
    async def _connected(self, doing: str) -> AsyncIterator[aiosmtplib.SMTP]:
        limit, where = self._settings.timeout.total_seconds(), f"{self._settings.host}:{self._settings.port}"
        try:
            async with asyncio.timeout(limit):
                server = self._server()
                try:
                    await self._open(server)
                    yield server
                    with suppress(aiosmtplib.SMTPException, OSError):  # what was taken is taken
                        await server.quit()
                finally:
                    server.close()
        except (TimeoutError, aiosmtplib.SMTPTimeoutError) as error:
            raise TimedOut(f"{doing}: {where} took longer than {limit:g} s.", remedy="It is tried again.") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _meant(error, doing, where) from error

    def _server(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=settings.timeout.total_seconds(),
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if self._is_plain else ssl.create_default_context(cafile=settings.ca_file),
        )

    async def _open(self, server: aiosmtplib.SMTP) -> None:
        await server.connect()
        if self._login and not self._is_plain:
            await server.login(*self._login)

    @property
    def _is_plain(self) -> bool:
        return self._settings.security == "none"


def _letter(post: Post, sender: str) -> EmailMessage:
    letter = EmailMessage()
    domain = sender.rpartition("@")[2]
    letter["From"] = Address("Shipmate", addr_spec=sender)
    letter["To"] = Address(addr_spec=post.to)
    letter["Subject"] = " ".join(_unicode(post.subject).split())[:_LONGEST_SUBJECT]
    letter["Date"] = format_datetime(post.at)
    letter["Message-ID"] = _name(post.key, domain)
    letter["References"] = _name(post.thread, domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(_unicode(post.text), cte="quoted-printable")
    return letter


def _unicode(text: str) -> str:
    """Put a mark in place of what no encoding knows, such as half of a pair."""
    return text.encode(errors="replace").decode()


def _name(word: str, domain: str) -> str:
    return f"<{hashlib.sha256(word.encode()).hexdigest()[:32]}@{domain}>"


def _meant(error: Exception, doing: str, where: str) -> ToolError:
    """Tell what went wrong, and whether waiting may help."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        remedy = "Check escalation.email.security and ca_file, and the server's certificate."
        return Denied(f"{doing}: the certificate or the encryption of {where} is not accepted: {error}", remedy=remedy)
    if isinstance(error, aiosmtplib.SMTPException) and "not supported" in str(error):
        remedy = "Set escalation.email.security and port to what the server offers."
        return Denied(f"{doing}: {where} does not offer what is set: {error}", remedy=remedy)
    refusals = [error, *getattr(error, "recipients", ())]
    for refusal in refusals:
        if isinstance(refusal, aiosmtplib.SMTPResponseException):
            return _refused(refusal, doing, where)
    if isinstance(error, aiosmtplib.SMTPException | OSError):
        return Unreachable(f"{doing}: {where} cannot be used: {error}", remedy="It is tried again.")
    return Garbled(f"{doing} is not one: {error}", remedy="Check escalation.email.sender and recipients.")


def _refused(error: aiosmtplib.SMTPResponseException, doing: str, where: str) -> ToolError:
    said = " ".join(str(error.message).split())[:300]
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        remedy = "Set SHIPMATE_SMTP_USERNAME and SHIPMATE_SMTP_PASSWORD to a login that may send."
        return Denied(f"{where} refuses the login: {error.code} {said}", remedy=remedy)
    if error.code in _TEMPORARY or error.code < 0:
        return Deferred(f"{doing}: {where} takes it later: {error.code} {said}", remedy="It is tried again.")
    if isinstance(error, aiosmtplib.SMTPDataError):
        return Unwanted(
            f"{doing}: {where} refuses it as it is: {error.code} {said}", remedy="Ask who keeps that server."
        )
    return Denied(f"{doing}: {where} refuses it: {error.code} {said}", remedy="Check sender and recipients.")
