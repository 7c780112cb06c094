"""Dates as exporters and people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final

# Both are compiled when a post has a date: start-up counts.
_DATE: Final = (
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?:\s*日)?"
    r"(?:(?:\s*[Tt,，]\s*|\s+|(?<=日))(\d{1,2})\s*[:：时点]\s*(\d{1,2})\s*(?:[:：分]\s*(?:(\d{1,2})(?:[.,](\d{1,9}))?\s*秒?)?)?"
    r"\s*(Z|z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT)?)?"
)
_MAIL_DATE: Final = (
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} (?:19|20)\d\d \d\d:\d\d(?::\d\d)? (?:GMT|UTC|Z|[+-][01]\d[0-5]\d)"
)


@cache
def _date() -> re.Pattern[str]:
    return re.compile(_DATE)


def read_date(text: str, utc_offset: str) -> datetime | None:
    """Read a text that is a date and nothing else.

    Args:
        text: such as `2025-2-26 18:16 +0800`, `2025/02/26`, `2025-02-26T10:16:23Z`, `2025年2月26日 18:16`.
        utc_offset: the zone of dates that name none, such as `+08:00`.

    Returns:
        The moment, midnight when there is no hour; None when the text is no date, or there is no such day or hour.

    """
    match = _date().fullmatch(text)
    if match is None and re.fullmatch(_MAIL_DATE, text):
        from email.utils import parsedate_to_datetime  # `Wed, 14 Sep 2022 00:33:25 GMT`, out of feeds: rare, and slow

        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # -0000 names no zone
    return _moment(match, utc_offset) if match else None


def find_date(text: str, utc_offset: str) -> datetime | None:
    """Read the first date inside a text, such as the line under a title; else as `read_date`."""
    match = _date().search(text) if text else None
    return _moment(match, utc_offset) if match else None


def _moment(match: re.Match[str], utc_offset: str) -> datetime | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    # `zfill` takes a third of the time of a number and its format.
    parts = [(part or "").zfill(2) for part in (hour, minute, second)]
    microsecond = (fraction or "").ljust(6, "0")[:6]
    stamp = f"{year}-{month.zfill(2)}-{day.zfill(2)}T{':'.join(parts)}.{microsecond}{_offset(zone or utc_offset)}"
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _offset(zone: str) -> str:
    digits = zone.upper().removeprefix("UTC").removeprefix("GMT").removeprefix("Z").replace(":", "")
    if not digits:
        return "+00:00"
    sign, number = digits[0], digits[1:]
    number = number.zfill(2).ljust(4, "0") if len(number) < 3 else number.zfill(4)  # noqa: PLR2004  (`8`, `08`, `0800`)
    return f"{sign}{number[:2]}:{number[2:]}"
