from pathlib import Path

import pytest

from apps.pipeline.evaluating import TruthRefused, read_truth

HEAD = "source,source_key,entity_id\n"


def refused(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TruthRefused) as error:
        read_truth(path)
    return error.value.detail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "truth.csv"


def test_columns_may_come_in_any_order_and_beside_others(path: Path) -> None:
    path.write_text("\ufeffnote,entity_id,source_key, source\nx,E1, 7 ,crm\n\ny,E2,8,erp\n", encoding="utf-8")
    truth = read_truth(path)
    assert truth.entities == {("crm", "7"): "E1", ("erp", "8"): "E2"}
    assert truth.repeated == 0


def test_a_record_named_twice_alike_counts_once(path: Path) -> None:
    path.write_text(HEAD + "crm,7,E1\ncrm,7,E1\n", encoding="utf-8")
    assert read_truth(path).repeated == 1


def test_a_missing_column_is_named_with_those_there_are(path: Path) -> None:
    assert refused(path, "source,key,entity_id\ncrm,7,E1\n").endswith(
        "the column 'source_key' is missing; the file has 'source', 'key', 'entity_id'"
    )


@pytest.mark.parametrize("text", ["", HEAD])
def test_a_file_without_rows_is_refused(path: Path, text: str) -> None:
    assert "missing" in refused(path, text) or "holds no rows" in refused(path, text)


@pytest.mark.parametrize("row", ["crm,7,", "crm,,E1", ",7,E1", "crm,7", "crm,7,E1,more", "crm,7,E\0"])
def test_a_row_that_lacks_something_is_named_by_line(path: Path, row: str) -> None:
    assert "1 rows without a full source, source_key, entity_id: line 3: " in refused(path, f"{HEAD}crm,6,E1\n{row}\n")


def test_all_spoiled_rows_are_counted(path: Path) -> None:
    assert "7 rows" in refused(path, HEAD + "crm,7,\n" * 7)
    assert refused(path, HEAD + "crm,7,\n" * 7).endswith("and 4 more")


def test_a_record_with_two_entities_is_named(path: Path) -> None:
    said = refused(path, HEAD + "crm,7,E1\ncrm,8,E1\ncrm,7,E2\n")
    assert said.endswith("1 records with two entities: line 4: crm 7 is E2, and E1 further up")


def test_what_is_no_text_is_refused(path: Path) -> None:
    assert "isn't UTF-8" in refused(path, HEAD.encode() + b"crm,7,\xff\xfe\n")
    assert "isn't CSV" in refused(path, HEAD + 'crm,"7,E1\n')


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(TruthRefused, match=r"truth.csv: can't be read: No such file"):
        read_truth(path)
