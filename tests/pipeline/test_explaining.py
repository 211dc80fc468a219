from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from apps.base.errors import NotFound
from apps.golden import selectors as golden
from apps.pipeline.explaining import SameCustomer, explain_apart, explain_customer, explain_records
from apps.rulebook.selectors import get_active_rules
from apps.sources.models import SourceRecord
from tests.factories import make_active_rules, make_customer, make_record, make_standard, make_verdict

pytestmark = pytest.mark.django_db
TRAEGER = {"name": "Träger Maschinenbau GmbH", "city": "Ulm", "country": "DE", "phone": "+49 731 123456"}
QUOKKA = {"name": "Quokka [bold] Xylophones", "country": "AU"}


@pytest.fixture(autouse=True)
def _rules(db: None) -> None:
    make_active_rules()


def standard(given: dict[str, str], key: str, source: str = "crm") -> SourceRecord:
    record = make_record(given, source=source, key=key)
    make_standard(record)
    return record


def customer_of(*records: SourceRecord) -> golden.Customer:
    return golden.get_customer(make_customer(*records).gid)


def test_a_customer_is_told_by_its_steps_in_byte_order_of_keys(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    records = [standard(TRAEGER, key) for key in ("b", "a", "c")]
    customer = customer_of(*records)
    get_active_rules()
    with django_assert_num_queries(5):
        report = explain_customer(customer)
    assert [record.key for record in report.records.values()] == ["a", "b", "c"]
    assert report.cluster is not None
    assert len(report.cluster.groups) == 1
    first, second = report.cluster.steps
    assert (first.group, first.joined) == ((records[1].pk,), (records[0].pk,))
    assert second.joined == (records[2].pk,)


def test_two_customers_are_told_apart_in_few_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ours, theirs = customer_of(standard(TRAEGER, "a")), customer_of(standard(QUOKKA, "b"))
    get_active_rules()
    with django_assert_num_queries(5):  # no key in common, so none to count
        report = explain_apart(ours, theirs)
    assert [reason.kind for reason in report.apart.reasons] == ["never compared", "score"]
    assert (report.left.key, report.right.key) == ("a", "b")


def test_keys_that_grew_crowded_since_are_named() -> None:
    ours, theirs = customer_of(standard(TRAEGER, "a")), customer_of(standard(TRAEGER, "b"))
    assert explain_apart(ours, theirs).apart.reasons == ()
    rules = get_active_rules().rules
    for n in range(max(key.cap for key in rules.keys)):
        standard(TRAEGER, f"more {n}")
    (reason,) = explain_apart(ours, theirs).apart.reasons
    assert reason.kind == "never compared"
    assert "too common" in reason.sentence


def test_one_customer_is_not_told_apart_from_itself() -> None:
    ours = customer_of(standard(TRAEGER, "a"))
    with pytest.raises(SameCustomer):
        explain_apart(ours, ours)


def test_a_customer_without_standard_records_is_named() -> None:
    with pytest.raises(NotFound, match="no record that could be compared"):
        explain_apart(customer_of(standard(TRAEGER, "a")), customer_of(make_record(QUOKKA)))


def test_two_records_are_told_by_their_pair_and_what_keeps_their_customers_apart() -> None:
    a, b, c = standard(TRAEGER, "a"), standard(TRAEGER, "b"), standard(TRAEGER, "c", "erp")
    together, alone = customer_of(a, b), customer_of(c)
    verdict = make_verdict(b, c, "different")
    report = explain_records("crm", "a", "erp", "c")
    assert (report.left_customer, report.right_customer) == tuple(golden.list_customers([together.gid, alone.gid]))
    assert report.pair.outcome == "link"
    assert report.apart is not None
    assert report.apart.reasons[0].sentence.startswith(f"Blocked by decision {verdict.pk}: jane decided on ")
    assert explain_records("crm", "a", "crm", "b").apart is None


@pytest.mark.parametrize("key", ["unknown", "raw"])
def test_records_that_cannot_be_compared_are_named(key: str) -> None:
    standard(TRAEGER, "a")
    make_record(TRAEGER, source="crm", key="raw")
    with pytest.raises(NotFound, match=key):
        explain_records("crm", "a", "crm", key)


def said(*names: str) -> str:
    out = StringIO()
    call_command("explain", *names, stdout=out)
    return out.getvalue()


def test_the_command_tells_a_customer() -> None:
    a, b = standard(TRAEGER, "a"), standard({"name": "Other AG", "city": "Rome"}, "b", "erp")
    verdict = make_verdict(a, b, "same")
    text = said(customer_of(a, b).gid)
    assert "2 source records" in text
    assert f"decision {verdict.pk}" in text
    assert "Weakest link: " in text
    assert "Alone they look like two customers: crm a, erp b" in text


def test_the_command_tells_two_customers_apart_and_prints_names_as_they_are() -> None:
    ours, theirs = customer_of(standard(TRAEGER, "a")), customer_of(standard(QUOKKA, "b"))
    text = said(ours.gid, theirs.gid)
    assert "Quokka [bold] Xylophones" in text
    assert "1. Never compared: no shared key." in text
    assert "Most alike: crm a and crm b" in text


def test_the_command_tells_two_records_as_a_sum() -> None:
    a, b = standard(TRAEGER, "a"), standard(TRAEGER, "b")
    customer = customer_of(a, b)
    text = said("crm", "a", "crm", "b")
    report = explain_records("crm", "a", "crm", "b")
    assert all(step.sentence.partition(";")[0] in text for step in report.pair.steps[:3])
    assert "Same customer, by the rules alone" in text
    assert f"Both belong to {customer.gid}" in text
    assert "Not given on one side or both: " in text


@pytest.mark.parametrize(
    ("names", "problem"),
    [(["GC-0"], "GC-0"), (["crm", "a", "erp"], "SOURCE KEY SOURCE KEY"), (["no", "a", "no", "b"], "no record")],
)
def test_what_cannot_be_explained_is_one_line(names: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        said(*names)
