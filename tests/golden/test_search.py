import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from apps.golden.models import GoldenRecord
from apps.golden.search_terms import query_words, whole_spellings
from apps.golden.selectors import SearchHit, search_customers
from tests.factories import make_customer, make_merge, make_record

pytestmark = pytest.mark.django_db


def names(hits: list[SearchHit]) -> list[str]:
    return [hit.customer.name for hit in hits]


def test_more_matched_words_come_first_and_then_the_name() -> None:
    for name in ("Nord Zink", "Nord Stahl", "Süd Stahl", "Ost Holz"):
        make_customer(name=name)
    hits = search_customers("stahl nord")
    assert names(hits) == ["Nord Stahl", "Nord Zink", "Süd Stahl"]
    assert [(hit.matched, hit.asked) for hit in hits] == [(2, 2), (1, 2), (1, 2)]


@pytest.mark.parametrize(
    "query",
    ["trager", "TRÄGER", "Träger  GmbH!", "ERP-7", "erp-7", "de 811 907 980", "DE811907980", "info@traeger.de",
     "+49 731 12345", "https://www.traeger.de/impressum", "traeger.de"],
)  # fmt: skip
def test_a_customer_is_found_by_anything_it_is_known_by(query: str) -> None:
    golden = make_customer(make_record(source="erp", key="ERP-7"), name="Träger GmbH")
    terms = ["trager", "gmbh", "erp-7", "erp:erp-7", "de811907980", "info@traeger.de", "traeger.de", "+4973112345"]
    GoldenRecord.objects.filter(pk=golden.pk).update(search_terms=terms)
    make_customer(name="Someone Else")
    hits = search_customers(query)
    assert names(hits) == ["Träger GmbH"]
    assert hits[0].matched == hits[0].asked


def test_a_governed_id_finds_its_customer_merged_or_not() -> None:
    survivor = make_customer(name="New")
    absorbed = make_merge(make_customer(name="Old"), survivor)
    assert [hit.customer.state for hit in search_customers(absorbed.gid.lower())] == ["merged"]
    assert names(search_customers(survivor.gid)) == ["New"]


def test_merged_customers_are_not_found_by_name() -> None:
    make_merge(make_customer(name="Altstadt"), make_customer(name="Neustadt"))
    assert search_customers("altstadt") == []


@pytest.mark.parametrize("query", ["", " ", "!!!", "\x00", "+", "%", "_"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    make_customer(name="Anybody")
    assert search_customers(query) == []


def test_pages_meet_without_gap_or_overlap_across_full_and_partial_matches() -> None:
    for number in range(9):
        make_customer(name=f"Same Name {'Full' if number % 2 else ''}")
    everything = [hit.customer.gid for hit in search_customers("same full", limit=50)]
    paged: list[str] = []
    after = None
    while page := search_customers("same full", after=after, limit=2):
        paged += [hit.customer.gid for hit in page]
        after = page[-1].position
    assert paged == everything
    assert len(set(paged)) == 9


def test_search_takes_at_most_three_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    make_customer(name="Nord Stahl")
    with django_assert_max_num_queries(3):
        search_customers("nord stahl holz")


def test_a_long_query_is_cut_to_twelve_words() -> None:
    assert list(query_words(" ".join(f"w{number}" for number in range(100)))) == [f"w{number}" for number in range(12)]


@pytest.mark.parametrize(
    "query",
    ["maschinenbau", "maschienenbau", "maschinebau", "machinenbau", "mschinenbua", "masxhinenbaz", "TRÄGRE", "trage",
     "ulmm", "maschin", "träger maschinenb"],
)  # fmt: skip
def test_slips_of_the_hand_and_beginnings_find_the_customer(query: str) -> None:
    make_customer(name="Träger Maschinenbau Ulm")
    make_customer(name="Nordlicht Handels GmbH")
    hits = search_customers(query)
    assert names(hits) == (["Träger Maschinenbau Ulm"] if query != "ulmm" else [])


@pytest.mark.parametrize("query", ["mxschixenbax", "gmgx", "stxhx", "erp-8", "+4973112346"])
def test_more_slips_than_a_word_allows_find_nothing(query: str) -> None:
    golden = make_customer(make_record(source="erp", key="ERP-7"), name="Stahl Maschinenbau GmbH")
    GoldenRecord.objects.filter(pk=golden.pk).update(
        search_terms=["stahl", "maschinenbau", "gmbh", "erp-7", "+4973112345"]
    )
    assert search_customers(query) == []


def test_the_word_itself_comes_before_a_corrected_one() -> None:
    for name in ("Meier Zink", "Meyer Zink", "Maier Zink"):
        make_customer(name=name)
    hits = search_customers("meyer zink")
    assert names(hits) == ["Meyer Zink", "Meier Zink", "Maier Zink"]
    assert [(hit.matched, hit.is_corrected) for hit in hits] == [(2, False), (2, True), (1, False)]


def test_a_rare_word_found_counts_more_than_a_common_one() -> None:
    for number in range(20):
        make_customer(name=f"Aalen Handel {number}")
    make_customer(name="Zyx Werke")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE golden_goldenrecord")
    assert names(search_customers("zyx handel"))[0] == "Zyx Werke"


def test_a_word_learnt_after_the_first_search_is_found_with_a_slip() -> None:
    assert search_customers("nordlichd") == []
    golden = make_customer(name="Someone Else")
    GoldenRecord.objects.filter(pk=golden.pk).update(name="Nordlicht", search_terms=["nordlicht"])
    assert names(search_customers("nordlichd")) == ["Nordlicht"]


@pytest.mark.parametrize(
    ("query", "spelling"),
    [("0731 / 12345-0", "731123450"), ("0049 731 123450", "+49731123450"), ("+49 (731) 123450", "+49731123450"),
     ("DE 811 907 980", "de811907980"), ("Info@Traeger.DE", "info@traeger.de"), ("12-3456789", "123456789")],
)  # fmt: skip
def test_numbers_are_understood_in_the_spellings_people_use(query: str, spelling: str) -> None:
    assert spelling in whole_spellings(query)


def test_a_token_with_marks_stands_for_its_words() -> None:
    golden = make_customer(make_record(source="erp", key="ACC-17"), name="Träger")
    GoldenRecord.objects.filter(pk=golden.pk).update(search_terms=["acc-17", "trager"])
    hits = search_customers("traeger, ACC-17")
    assert [(hit.matched, hit.asked) for hit in hits] == [(3, 3)]
