"""Prometheus: the first value of an instant query, or why there is none."""

import json
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
from yarl import URL

from tools.errors import Garbled

TIMEOUT = timedelta(seconds=5)
BODY_LIMIT_BYTES = 1_000_000
_SHOWN = 200


async def ask(url: str, query: str, timeout: timedelta = TIMEOUT) -> tuple[float | None, str]:  # noqa: ASYNC109 - the whole call's limit
    """Ask once. Whatever comes instead of a number is told in words: silence, an error, nothing, NaN, a login page."""
    way = URL(url) / "api/v1/query"
    where = f"Prometheus at {way.host}:{way.port}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout.total_seconds())) as session,
            session.get(way, params={"query": query}, allow_redirects=False) as response,
        ):
            body = b"".join([chunk async for chunk in _up_to(BODY_LIMIT_BYTES, response.content)])
            return _told(body, response.status, where)
    except TimeoutError:
        return None, f"{where} did not answer within {timeout.total_seconds():g} s"
    except aiohttp.ClientConnectorError as error:
        return None, f"{where} did not answer: {error.os_error.strerror or error.os_error}"
    except (aiohttp.ClientError, OSError) as error:
        return None, f"{where} did not answer: {str(error) or type(error).__name__}"


async def _up_to(limit: int, content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    while limit > 0 and (chunk := await content.read(limit)):
        limit -= len(chunk)
        yield chunk


def first_value(answer: Any) -> float | None:
    """Find the first value of an answer: of a vector or a scalar; None where it is empty or no number.

    Raises `Garbled` where it is no answer to an instant query.
    """
    try:
        result = answer["data"]["result"]
        match answer["data"]["resultType"]:
            case "scalar":
                value = float(result[1])
            case "vector":
                value = float(result[0]["value"][1]) if result else math.nan
            case other:
                raise Garbled(f"the query gives a {other}, not a number")
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise Garbled("the answer has another form than Prometheus's") from error
    return None if math.isnan(value) else value


def _told(body: bytes, status: int, where: str) -> tuple[float | None, str]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None, f"{where} answered {status} and no JSON; is it another service, or a login page?"
    if not isinstance(answer, dict) or answer.get("status") != "success":
        error = answer.get("error", "") if isinstance(answer, dict) else ""
        return None, f"{where} answered {status}: {str(error)[:_SHOWN] or 'no success'}"
    try:
        value = first_value(answer)
    except Garbled as garbled:
        return None, f"{where}: {garbled.happened}"
    return value, "" if value is not None else f"{where} has no value for the query"
