"""Moments of change that are read the quick way say what intake would have read."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.sources.intake.dates import read_moments
from apps.sources.pushing import Push, read_pushes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_read(text: str) -> tuple[datetime | None, str | None]:
    """Return the moment of a push and the code of its first fault."""
    reading = read_pushes([(1, Push("crm", "1", {"name": "Heron"}, text))], now=NOW + timedelta(days=100_000))
    return (
        reading.rows[0].modified_at if reading.rows else None,
        reading.faults[0].code if reading.faults else None,
    )


def as_intake_reads(text: str) -> datetime | None:
    read = read_moments(pa.array([text]), pattern=None, zone="UTC")
    if read.unparsable[0] or read.out_of_range[0]:
        return None
    return EPOCH + timedelta(microseconds=int(read.micros[0]))


@settings(deadline=None)
@given(
    st.integers(-71 * 366 * 86_400 * 10**6, 131 * 366 * 86_400 * 10**6),
    st.sampled_from(["Z", "+00:00", "-00:00", "+05:30", "-11:45", "+23:59", "+24:00"]),
    st.integers(0, 6),
)
def test_a_moment_in_full_is_the_one_that_intake_reads(micros: int, offset: str, digits: int) -> None:
    moment = EPOCH + timedelta(microseconds=micros)
    fraction = f".{moment.microsecond:06d}"[: digits + 1] if digits else ""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{offset}"
    assert as_read(text)[0] == as_intake_reads(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("2025-02-30T10:00:00Z", "bad_date"), ("2025-01-01T24:00:00Z", "bad_date"), ("yesterday", "bad_date"),
     ("1600-01-01T00:00:00Z", "date_out_of_range"), ("9999-01-01T00:00:00Z", "date_out_of_range")],
)  # fmt: skip
def test_what_is_no_moment_is_refused_however_it_is_written(text: str, code: str) -> None:
    assert as_read(text) == (None, code)


def test_a_leap_second_is_the_first_moment_of_the_next_minute() -> None:
    assert as_read("2016-12-31T23:59:60Z")[0] == datetime(2017, 1, 1, tzinfo=UTC)
