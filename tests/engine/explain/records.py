"""Standard records for the tests of explanations."""

import pyarrow as pa

from apps.engine.bulk import Resolution
from tests.engine.frames import parts_of

Parts = dict[str, str]
ACME = {"name.words": "acme", "city.name": "bonn", "postcode.code": "53111", "phone.e164": "+492281"}
YETI = {"name.words": "yeti", "city.name": "oslo", "postcode.code": "0150", "phone.e164": "+4722"}


def vat(number: str) -> Parts:
    return {"vat.number": number, "vat.issuer": "DE", "vat.check": "verified"}


def members_by_cluster(resolution: Resolution) -> dict[int, dict[int, Parts]]:
    """Return each cluster's members in byte order of their keys."""
    standard: pa.Table = resolution.standard
    rows = zip(
        standard["source"].to_pylist(),
        standard["source_key"].to_pylist(),
        standard["record"].to_pylist(),
        resolution.clusters["cluster"].to_pylist(),
        parts_of(standard),
        strict=True,
    )
    clusters: dict[int, dict[int, Parts]] = {}
    for _, _, record, cluster, parts in sorted(rows, key=lambda row: (row[0].encode(), row[1].encode())):
        clusters.setdefault(cluster, {})[record] = parts
    return clusters
