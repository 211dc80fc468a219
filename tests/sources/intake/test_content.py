import gzip
import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from apps.sources.intake import FileRefused, open_file
from apps.sources.intake.errors import printable_name
from tests.sources.intake.conftest import Take, accounts

TEXT = b"Id,Name,City,Changed\n1,Acme,Bonn,\n"


def _zip() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("accounts.csv", TEXT)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", _zip()),
        ("a.csv", b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 100),
        ("a.csv", b"\x7fELF\x02\x01\x01"),
        ("a.csv", b"<!DOCTYPE html><html><body>Please log in</body></html>"),
        ("a.csv", b"\xef\xbb\xbf \n<HTML><head>"),
        ("a.csv", b"<?xml version='1.0'?><accounts/>"),
        ("a.csv", b"%PDF-1.7"),
        ("a.csv", b"PAR1"),
        ("a.csv.gz", gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0)),
        ("a.xlsx", TEXT),
        ("a.parquet", TEXT),
        ("a.jsonl", b"\x89PNG\r\n"),
    ],
)
def test_content_that_differs_from_the_name_is_refused(take: Take, name: str, content: bytes) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(content, name)
    assert refusal.value.code == "wrong_content"


def test_the_content_tells_the_format_where_the_name_says_nothing(take: Take) -> None:
    assert take(TEXT, "export").reader.format == "csv"
    assert take('{"Id":"1","Name":"A"}\n', "export").reader.format == "jsonl"


def test_a_header_that_begins_like_a_program_is_still_text(take: Take) -> None:
    assert take(b"MZ,Id,Name,City,Changed\nx,1,Acme,Bonn,\n").keys() == ["1"]


def test_the_digest_is_the_sha_256_of_the_bytes(take: Take) -> None:
    assert take(TEXT).reader.digest == hashlib.sha256(TEXT).hexdigest()


@pytest.mark.parametrize("declared", ["utf-8", "cp1252"])
def test_a_byte_order_mark_that_contradicts_the_mapping_is_refused(take: Take, declared: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(TEXT.decode().encode("utf-16"), encoding=declared)
    assert refusal.value.code == "undecodable"


def test_utf_16_without_its_mark_must_name_the_byte_order(take: Take) -> None:
    content = TEXT.decode().encode("utf-16-le")
    with pytest.raises(FileRefused):
        take(content, encoding="utf-16")
    assert take(content, encoding="utf-16-le").keys() == ["1"]


def test_utf_16_cut_in_the_middle_of_a_character_is_refused(take: Take) -> None:
    with pytest.raises(FileRefused) as refusal:
        take(TEXT.decode().encode("utf-16")[:-1])
    assert refusal.value.code == "undecodable"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        open_file(tmp_path / "none.csv", accounts())
    assert refusal.value.code == "unreadable"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\secret\\accounts.csv", "accounts.csv"),
        ("a\nb\x00\u202ec.csv", "a\\u000ab\\u0000\\u202ec.csv"),
        ("x" * 5_000, "x" * 97 + "..."),
    ],
)
def test_a_file_name_is_shown_without_folders_and_with_escapes(name: str, shown: str) -> None:
    assert printable_name(name) == shown
