"""What a file is, by its bytes: digest, format, encoding. The name only has to agree with them."""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from apps.sources.intake.errors import FileRefused

CHUNK_BYTES = 1 << 20
GZIP_RATIO_CAP = 200
GZIP_FREE_BYTES = 64 << 20
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SUFFIX_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
MAGIC = (
    (b"PAR1", "parquet", "a Parquet file"),
    (b"PK\x03\x04", "xlsx", "a zip archive or an Excel workbook"),
    (b"PK\x05\x06", "", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", "an old or password-protected Office file"),
    (b"\x1f\x8b", "gzip", "a gzip file inside another"),
    (b"MZ", "", "a Windows program"),
    (b"\x7fELF", "", "a Linux program"),
    (b"%PDF", "", "a PDF document"),
    (b"BZh", "", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "", "a 7-Zip archive"),
    (b"\xfd7zXZ\x00", "", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "", "a Zstandard archive"),
    (b"\x89PNG", "", "a picture"),
    (b"\xff\xd8\xff", "", "a picture"),
    (b"SQLite format 3\x00", "", "an SQLite database"),
)
PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<svg", b"<script")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of the file's bytes in hexadecimal; FileRefused where it is empty or can't be read."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused("unreadable", f"the file can't be opened: {error.strerror}", path) from error
    if path.stat().st_size == 0:
        raise FileRefused("empty_file", "the file is empty: it has no header and no rows", path)
    return digest


def is_gzip(path: Path) -> bool:
    """Tell whether the file's bytes are gzip."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def open_bytes(path: Path) -> Iterator[bytes]:
    """Yield the file's bytes in chunks, unpacked where it is gzip, with a cap on how far it may unfold."""
    packed = is_gzip(path)
    size = path.stat().st_size
    with path.open("rb") as plain:
        stream: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=plain) if packed else plain
        total = 0
        while True:
            try:
                chunk = stream.read(CHUNK_BYTES)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise FileRefused("truncated", f"the gzip stream is cut off or broken: {error}", path) from error
            if not chunk:
                return
            total += len(chunk)
            if packed and total > GZIP_FREE_BYTES and total > GZIP_RATIO_CAP * size:
                raise FileRefused("zip_bomb", f"the file unfolds to more than {GZIP_RATIO_CAP} times its size", path)
            yield chunk


def read_head(path: Path, size: int = 1 << 16) -> bytes:
    """Return the first bytes of the unpacked content."""
    head = b""
    for chunk in open_bytes(path):
        head += chunk
        if len(head) >= size:
            break
    return head[:size]


def detect_format(path: Path, declared: str | None) -> str:
    """Return csv, xlsx, jsonl or parquet; FileRefused where declaration, name and bytes don't agree."""
    head = read_head(path)
    if not head:
        raise FileRefused("empty_file", "the file is empty: it has no header and no rows", path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".gzip"):
        suffixes.pop()
    expected = declared or (SUFFIX_FORMATS.get(suffixes[-1]) if suffixes else None)
    found, words = _by_magic(head)
    if found == "text":
        found = (
            "jsonl"
            if expected == "jsonl" or (expected is None and head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{")
            else "csv"
        )
        words = "plain text"
    if found == "ole":
        raise _ole_refusal(head, path)
    if found not in SUFFIX_FORMATS.values() or (expected is not None and found != expected):
        wanted = expected or "csv, xlsx, jsonl or parquet"
        raise FileRefused("wrong_content", f"the name or the mapping says {wanted}, but the content is {words}", path)
    if found in ("xlsx", "parquet") and is_gzip(path):
        raise FileRefused("wrong_content", f"a gzipped {found} file isn't read; unpack it first", path)
    return found


def _by_magic(head: bytes) -> tuple[str, str]:
    for magic, found, words in MAGIC:
        # Two letters may begin an honest header; a program also holds NUL bytes.
        if head.startswith(magic) and not (magic == b"MZ" and b"\x00" not in head[:512]):
            return found or "other", words
    start = head[:4096].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    for page in PAGES:
        if start.startswith(page):
            return "other", "a web page or another markup document"
    return "text", "plain text"


def _ole_refusal(head: bytes, path: Path) -> FileRefused:
    with path.open("rb") as stream:
        content = stream.read(1 << 22)
    if "EncryptedPackage".encode("utf-16-le") in content or "EncryptedPackage".encode("utf-16-le") in head:
        return FileRefused("encrypted", "the workbook is protected by a password; save it without one", path)
    return FileRefused("wrong_content", "this is an Excel 97-2003 file; save it as .xlsx", path)


def detect_encoding(path: Path, declared: str | None) -> str:
    """Return the codec of a text file: its byte order mark's, else the declared one, else UTF-8."""
    head = read_head(path, 4)
    for bom, codec in BOMS:
        if head.startswith(bom):
            if declared is not None and not _agrees(declared, codec):
                reason = f"the mapping says {declared}, but the file begins with the byte order mark of {codec}"
                raise FileRefused("undecodable", reason, path)
            return codec
    if declared in ("utf-8-sig", None):
        return "utf-8"
    if declared in ("utf-16", "utf-32"):
        reason = f"the mapping says {declared}, but the file has no byte order mark; say {declared}-le or {declared}-be"
        raise FileRefused("undecodable", reason, path)
    return declared


def _agrees(declared: str, codec: str) -> bool:
    return declared.removesuffix("-sig").startswith(codec)


def utf8_chunks(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield the content as UTF-8 without a byte order mark, in chunks.

    What `encoding` can't decode comes out as bytes that are no UTF-8 either (PEP 383 surrogates), so that the row it
    stands in is found and set aside later, and nothing is replaced by a guess.
    """
    chunks = open_bytes(path)
    if encoding in ("utf-8", "ascii"):
        yield from _without_bom(chunks)
        return
    wide = encoding.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass" if wide else "surrogateescape")
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise FileRefused("undecodable", f"the file isn't {encoding}: {error.reason}", path) from error


def _without_bom(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from chunks
