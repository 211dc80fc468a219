import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sources.intake.csv_scan import scan_block

CELL = st.text(st.sampled_from('ab,;"\n\r \u00e9'), max_size=6)
GRAMMAR = re.compile(rb'(?:"(?:[^"]|"")*"|[^",\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\n]*))*')
ROWS = st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8)


def _records(block: bytes, cut: int) -> list[tuple[bytes, int]]:
    """Scan a block in two pieces, as a reader does that has only the first piece yet."""
    first = scan_block(block[:cut], ",", is_last=False)
    found = [
        (block[start:end], line)
        for start, end, line in zip(first.starts.tolist(), first.ends.tolist(), first.lines.tolist(), strict=True)
    ]
    rest = block[first.consumed :]
    second = scan_block(rest, ",", is_last=True)
    found += [
        (rest[start:end], line + first.line_count)
        for start, end, line in zip(second.starts.tolist(), second.ends.tolist(), second.lines.tolist(), strict=True)
    ]
    assert not first.broken
    assert not second.broken
    return found


@given(rows=ROWS, line_end=st.sampled_from(["\n", "\r\n", "\r"]), data=st.data())
def test_well_formed_records_are_found_wherever_the_block_is_cut(
    rows: list[list[str]], line_end: str, data: st.DataObject
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    block = text.getvalue().encode()
    cut = data.draw(st.integers(0, len(block)))
    found = _records(block, cut)
    parsed = [next(csv.reader(io.StringIO(record.decode(), newline=""))) for record, _ in found]
    assert parsed == rows


@given(block=st.text(st.sampled_from('a,"\n\r'), max_size=40).map(str.encode))
def test_no_byte_of_any_block_is_lost_or_read_twice(block: bytes) -> None:
    scan = scan_block(block, ",", is_last=True)
    assert scan.consumed == len(block)
    covered = b"".join(block[start:end] for start, end in zip(scan.starts.tolist(), scan.ends.tolist(), strict=True))
    assert covered.replace(b"\n", b"").replace(b"\r", b"") == block.replace(b"\n", b"").replace(b"\r", b"")
    assert scan.lines.tolist() == [
        block[:start].count(b"\n") + block[:start].replace(b"\r\n", b"").count(b"\r") for start in scan.starts.tolist()
    ]


@given(block=st.text(st.sampled_from('a,"\n'), max_size=40).map(str.encode))
def test_exactly_the_records_that_break_the_grammar_are_broken(block: bytes) -> None:
    scan = scan_block(block, ",", is_last=True)
    for index, (start, end) in enumerate(zip(scan.starts.tolist(), scan.ends.tolist(), strict=True)):
        assert bool(GRAMMAR.fullmatch(block[start:end])) == (index not in scan.broken)


@pytest.mark.parametrize("block", [b"a,b\r", b'a,"b', b"a,b", b'a,"b"'])
def test_a_record_that_may_go_on_is_left_for_the_next_block(block: bytes) -> None:
    assert scan_block(block, ",", is_last=False).consumed == 0
