import csv
from pathlib import Path

import pytest

from apps.engine.rules import load_company_rules
from apps.engine.standardise import standardise_record
from apps.golden.models import GoldenRecord
from apps.golden.search_terms import terms_of
from benchmarks.search_quality import ask, draw_customers, make_queries, summarise
from tests.factories import make_customer, make_record

SAMPLE = Path(__file__).parents[1] / "engine" / "samples" / "listed_companies.csv"
QUERIES = 160


@pytest.fixture
def _listed_companies(db: None) -> None:
    rules = load_company_rules()
    attributes = {attribute.name for attribute in rules.attributes}
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:QUERIES]
    for number, row in enumerate(rows):
        given = {name: value for name, value in row.items() if name in attributes and value}
        golden = make_customer(make_record(given, source="list", key=f"L-{number:05}"))
        parts = standardise_record(given, rules.attributes, rules.fallbacks)
        terms = terms_of([("list", f"L-{number:05}")], [parts], rules.attributes)
        GoldenRecord.objects.filter(pk=golden.pk).update(search_terms=terms)


@pytest.mark.usefixtures("_listed_companies")
def test_spoilt_queries_find_the_customer_that_is_meant_among_the_first_three() -> None:
    outcomes = ask(make_queries(draw_customers(QUERIES, seed=7), seed=7))
    assert len(outcomes) == QUERIES
    assert len({outcome.kind for outcome in outcomes}) >= 5
    found = sum(outcome.place > 0 for outcome in outcomes) / len(outcomes)
    assert found >= 0.95, summarise(outcomes)
