from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sources.intake.dates import DateFormatError, Moments, compile_format, read_moments

# Hypothesis wants bounds without a zone.
FIRST, LAST = (datetime(year, 6, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1900, 2100))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read(text: str | None, pattern: str | None = None, zone: str = "UTC") -> Moments:
    return read_moments(pa.array([text], pa.string()), pattern=pattern, zone=zone)


def _moment(text: str, pattern: str | None = None, zone: str = "UTC") -> datetime:
    read = _read(text, pattern, zone)
    assert [bool(mask[0]) for mask in (read.unparsable, read.out_of_range, read.empty)] == [False] * 3
    return EPOCH + timedelta(microseconds=int(read.micros[0]))


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
def test_what_python_writes_as_iso_is_read_back_exactly(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        moment = moment.replace(tzinfo=UTC)
    assert _moment(moment.isoformat()) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2026-02-03", None, datetime(2026, 2, 3, tzinfo=UTC)),
        ("2026-02-03 04:05", None, datetime(2026, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-02-03T04:05:06.123456789Z", None, datetime(2026, 2, 3, 4, 5, 6, 123456, tzinfo=UTC)),
        ("2026-02-03T04:05:06.000+0000", None, datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("20260203", None, datetime(2026, 2, 3, tzinfo=UTC)),
        ("20260203 04:05:06", None, datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("20260203040506", None, datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("/Date(1700000000000+0000)/", None, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("03.02.2026 04:05:06", "%d.%m.%Y %H:%M:%S", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2/3/2026 12:05 AM", "%m/%d/%Y %I:%M %p", datetime(2026, 2, 3, 0, 5, tzinfo=UTC)),
        ("03-Feb-2026", "%d-%b-%Y", datetime(2026, 2, 3, tzinfo=UTC)),
        ("1700000000", "epoch_seconds", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("-86400", "epoch_seconds", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", None, datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_known_spellings_are_read(text: str, pattern: str | None, expected: datetime) -> None:
    assert _moment(text, pattern) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00",
        "2026-02-31",
        "2026-02-29",
        "2026-13-01",
        "02/03/04",
        "2026-01-01T25:00",
        "yesterday",
        "43831",
        "-1",
    ],
)
def test_what_is_no_real_moment_is_unparsable(text: str) -> None:
    assert _read(text).unparsable[0]


@pytest.mark.parametrize("text", ["9999-12-31", "10000-01-01", "1899-12-30"])
def test_a_year_out_of_range_is_told_apart(text: str) -> None:
    assert _read(text).out_of_range[0]


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_given_is_empty_and_no_fault(text: str | None) -> None:
    read = _read(text)
    assert read.empty[0]
    assert not read.unparsable[0]


def test_a_zone_holds_only_where_the_text_names_none() -> None:
    assert _moment("2026-07-01 12:00", zone="Europe/Berlin") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert _moment("2026-07-01 12:00Z", zone="Europe/Berlin") == datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-29 02:30", "2026-10-25 02:30"])
def test_a_local_time_skipped_or_shown_twice_is_marked(text: str) -> None:
    assert _read(text, zone="Europe/Berlin").ambiguous[0]
    assert not _read(text, zone="UTC").ambiguous[0]


@pytest.mark.parametrize("text", ["%d.%m.%y", "%d %H", "%Y-%m-%d %I:%M", "%Y%Y", "%Y-%m-%d %Q"])
def test_a_format_that_leaves_doubt_is_refused(text: str) -> None:
    with pytest.raises(DateFormatError):
        compile_format(text)
