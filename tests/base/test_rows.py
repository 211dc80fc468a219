"""Few rows answer as an Arrow table of the same rows does, wherever the services ask either."""

from typing import Any

import pyarrow as pa
import pytest

from apps.base.copying import few_rows
from apps.base.rows import Frame, Rows

ROWS: list[dict[str, Any]] = [{"id": 1, "name": "Ulm", "is_new": True}, {"id": 2, "name": None, "is_new": False}]
NAMES = ["id", "name", "is_new"]


@pytest.mark.parametrize("frame", [pa.Table.from_pylist(ROWS), Rows(ROWS, NAMES)], ids=["arrow", "rows"])
def test_both_kinds_of_frame_answer_alike(frame: Frame) -> None:
    assert frame.num_rows == 2
    assert list(frame.column_names) == NAMES
    assert frame["name"].to_pylist() == frame.column("name").to_pylist() == ["Ulm", None]
    assert frame.filter(frame.column("is_new")).to_pylist() == ROWS[:1]
    assert frame.select(["id"]).to_pylist() == [{"id": 1}, {"id": 2}]
    longer = frame.append_column("by", pa.array(["crm", "erp"]))
    assert longer.column("by").to_pylist() == ["crm", "erp"]
    assert list(longer.column_names) == [*NAMES, "by"]
    assert frame.num_rows == 2
    with pytest.raises(KeyError):
        frame.column("by")


def test_both_kinds_travel_as_the_same_parameter() -> None:
    types = {"id": "bigint", "name": "text", "is_new": "boolean"}
    assert few_rows("given", Rows(ROWS, NAMES), types) == few_rows("given", pa.Table.from_pylist(ROWS), types)
