"""Shapes that read their members plainly say what the framework's own way would."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from rest_framework import serializers

from apps.api.v1.examples import EvidenceShape
from apps.api.v1.shapes import CustomerSummaryShape, LinkShape, MemberShape, Plain, ValueShape
from apps.engine.records import Evidence
from apps.golden.selectors import CustomerSummary, ValueRow

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Source:
    code: str


@dataclass(frozen=True)
class Member:
    source: Source
    key: str
    state: str = "live"
    since: datetime = AT
    reason: str = "linked"
    score: int | None = None
    verdict_id: int | None = 7


@dataclass(frozen=True)
class Link:
    left: Member
    right: Member
    score: int


MEMBER = Member(Source("crm"), "1")
DOCUMENTS: list[tuple[type[Plain], object]] = [
    (CustomerSummaryShape, CustomerSummary("GC-1", "live", "Heron", "DE", "Ulm", 2, 3, AT)),
    (EvidenceShape, Evidence("name", 1, "same", 9001, "heron", "heron", "Same distinctive name")),
    (MemberShape, MEMBER),
    (LinkShape, Link(MEMBER, Member(Source("erp"), "2", score=1500), -250)),
    (ValueShape, ValueRow("name", "Heron", "lead", 1, 2, None, "crm", "1", 4)),
]


@pytest.mark.parametrize(("shape", "document"), DOCUMENTS)
def test_a_plain_shape_says_what_the_framework_would(shape: type[Plain], document: object) -> None:
    assert shape().to_representation(document) == serializers.Serializer.to_representation(shape(), document)


def test_a_plain_shape_reads_keys_where_the_document_has_keys() -> None:
    member = {"source": {"code": "crm"}, "key": "1"}
    assert LinkShape().to_representation({"left": member, "right": member, "score": 5}) == {
        "left": {"source": "crm", "key": "1"},
        "right": {"source": "crm", "key": "1"},
        "score_bits": 0.005,
    }
