"""The bulk path spells search terms as `golden.search_terms` does."""

from pathlib import Path

import pytest

from apps.engine.rules import load_company_rules
from apps.golden.models import GoldenRecord, Membership, SearchWord
from apps.golden.search_terms import terms_of
from apps.matching.models import StandardRecord
from tests.pipeline.files import KEYS, cut_sample, load, write_rows

pytestmark = pytest.mark.django_db


def test_a_load_stores_the_terms_that_the_row_code_makes(tmp_path: Path) -> None:
    rows = cut_sample(12)
    rows["erp"][0][KEYS["erp"]] = 'ODD "KEY" {\\1}'
    load(*(write_rows(tmp_path, code, listed) for code, listed in rows.items()))
    rules = load_company_rules()
    goldens = list(GoldenRecord.objects.all())
    for golden in goldens:
        members = Membership.objects.filter(golden=golden).select_related("record__source")
        keys = [(member.record.source.code, member.record.key) for member in members]
        standard = StandardRecord.objects.filter(record_id__in=[member.record_id for member in members])
        assert golden.search_terms == terms_of(keys, [row.parts for row in standard], rules.attributes)
    words = {term for golden in goldens for term in golden.search_terms if term.isalpha() and len(term) >= 4}
    assert words
    assert words == set(SearchWord.objects.values_list("word", flat=True))


def test_phones_and_tax_numbers_are_also_kept_without_their_country() -> None:
    rules = load_company_rules()
    parts = {"phone.e164": "+4973112345", "vat.number": "DE811907980", "lei.number": "529900T8BM49AURSDO55"}
    terms = terms_of([("crm", "001A")], [parts, {"phone.e164": "+35312345678"}], rules.attributes)
    assert terms == [
        "+35312345678", "+4973112345", "001a", "12345678", "529900t8bm49aursdo55", "73112345", "811907980", "crm:001a",
        "de811907980",
    ]  # fmt: skip
