"""Which customer is this? By source key, by identifier, or by example."""

from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.paging import read_limit
from apps.api.parsers import RecordsParser
from apps.api.permissions import EVERY_ROLE
from apps.api.v1.examples import ExampleShape, ExamplesShape, IdentityShape, ResolutionShape, ResolutionsShape
from apps.api.v1.routes import ParameterInvalid, Route, answer, operation, query
from apps.base.errors import HubError, Invalid, NotFound
from apps.engine.standardise import SEPARATOR
from apps.golden import selectors as golden
from apps.legal import selectors as legal
from apps.sources import selectors as sources

MOST_CANDIDATES = 20
MOST_VALUES = 20
MOST_EXAMPLES = 1_000


class RecordWithoutCustomer(NotFound):
    """The source record is known, but belongs to no customer: not matched yet, deleted, or set aside."""

    code = "resolve.record_without_customer"
    title = "The record belongs to no customer"


class FieldInvalid(Invalid):
    """A field of the example is no text."""

    code = "resolve.field_invalid"
    title = "A field of the example can't be used"


class Resolve(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE

    @property
    def takes(self) -> frozenset[str]:  # type: ignore[override]
        if self.request.method == "POST":
            return frozenset({"limit"})
        return frozenset({"source", "key", "scheme", "value", "country"})

    @operation(
        "resolveByKey",
        "The customer behind a source key or an identifier",
        IdentityShape,
        refusals=(404,),
        tag="resolve",
        parameters=[
            query("source", "Code of a source system; needs `key`."),
            query("key", "Key of the account in that source system."),
            query("scheme", f"Identifier scheme: {', '.join(legal.SCHEMES)}; needs `value`."),
            query("value", "The identifier, in any usual spelling."),
            query("country", "ISO 3166-1 alpha-2 code, for numbers that are written without their country."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the customers that carry the key or the identifier.

        A source key names at most one customer; 404 says that the record is unknown or belongs to none. The key of a
        record that its source merged into another leads to that one's customer; `asked.merged_into` says so. An
        identifier may be carried by several customers, or by none.
        """
        given = frozenset(request.query_params)
        if given == {"source", "key"}:
            return self._by_key(self.needed(request, "source"), self.needed(request, "key"))
        if given - {"country"} == {"scheme", "value"}:
            return self._by_identifier(request)
        raise ParameterInvalid("Ask by source and key, or by scheme and value.", given=sorted(given))

    @operation(
        "resolveByExample",
        "The customers an example may be, with scores and evidence",
        ResolutionShape,
        refusals=(409, 413, 415),
        tag="resolve",
        request={"application/json": ExampleShape},
        parameters=[query("limit", f"Customers to return, 1 to {MOST_CANDIDATES}; 5 unless told.")],
    )
    def post(self, request: Request) -> Response:
        """Score an example as if it were a source record, and store nothing.

        Give raw values by attribute, in any spelling; several values of one attribute as a list. Candidates come
        strongest first, each with the score of its best source record, the band it falls into, and the evidence that
        adds up to the score.
        """
        limit = read_limit(self.parameter(request, "limit"), default=5, maximum=MOST_CANDIDATES)
        resolution = golden.resolve_example(_read_example(request.data), limit=limit)
        return answer(ResolutionShape, resolution)

    def _by_key(self, source: str, key: str) -> Response:
        record = sources.get_source_record(source, key)
        asked = {"source": source, "key": key}
        customer = golden.list_customers_of_records([record.record_id]).get(record.record_id)
        if customer is None and (survivor := sources.find_merged_into(record)):
            asked["merged_into"] = survivor.key
            customer = golden.list_customers_of_records([survivor.record_id]).get(survivor.record_id)
        if customer is None:
            detail = f"The record is {record.state}; it belongs to no customer."
            raise RecordWithoutCustomer(detail, **asked, state=record.state)
        return answer(IdentityShape, {"asked": asked, "customers": [customer]})

    def _by_identifier(self, request: Request) -> Response:
        scheme, value = self.needed(request, "scheme"), self.needed(request, "value")
        country = (self.parameter(request, "country") or "").strip().upper() or None
        customers = legal.find_customers_by_identifier(scheme, value, country=country)
        return answer(IdentityShape, {"asked": {"scheme": scheme, "value": value}, "customers": customers})


class ResolveBatch(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    takes: ClassVar[frozenset[str]] = frozenset({"limit", "evidence"})
    parser_classes = [RecordsParser]
    http_method_names = ["post"]

    @operation(
        "resolveExamples",
        "The customers that up to 1,000 examples may be",
        ResolutionsShape,
        refusals=(409, 413, 415),
        tag="resolve",
        request={"application/json": ExamplesShape},
        parameters=[
            query("limit", f"Customers to return for each, 1 to {MOST_CANDIDATES}; 1 unless told."),
            query("evidence", "true: with the evidence and its sentences; without unless told."),
        ],
    )
    def post(self, request: Request) -> Response:
        """Score many examples as one is scored, and store nothing.

        One item for each example, in the order sent: a `resolution`, or the `error` that stands against this one. The
        status is 200 either way. Examples not reached within 20 seconds answer `resolve.out_of_time`: send them again.
        """
        limit = read_limit(self.parameter(request, "limit"), default=1, maximum=MOST_CANDIDATES)
        evidence = self.parameter(request, "evidence") or "false"
        if evidence not in {"true", "false"}:
            raise ParameterInvalid("evidence is true or false.", parameter="evidence")
        items: list[golden.Resolution | HubError] = []
        usable: list[dict[str, str]] = []
        for example in _read_examples(request.data):
            try:
                usable.append(_read_example(example))
            except FieldInvalid as error:
                items.append(error)
            else:
                items.append(_WAITING)
        found = iter(golden.resolve_examples(usable, limit=limit, with_evidence=evidence == "true"))
        items = [next(found) if item is _WAITING else item for item in items]
        return answer(ResolutionsShape, {"items": [_Item.of(item) for item in items]})


@dataclass(frozen=True, slots=True)
class _Item:
    resolution: golden.Resolution | None
    error: HubError | None

    @classmethod
    def of(cls, found: golden.Resolution | HubError) -> "_Item":
        return cls(None, found) if isinstance(found, HubError) else cls(found, None)


_WAITING = HubError("Not scored yet.")


def _read_examples(body: Any) -> list[Any]:  # noqa: ANN401 - whatever the caller sent
    if not isinstance(body, dict) or body.keys() != {"examples"} or not isinstance(body["examples"], list):
        raise FieldInvalid("Send a JSON object with a list of examples.", attribute="examples")
    examples: list[Any] = body["examples"]
    if not 1 <= len(examples) <= MOST_EXAMPLES:
        raise FieldInvalid(f"Send 1 to {MOST_EXAMPLES:,} examples, not {len(examples):,}.", attribute="examples")
    return examples


def _read_example(body: Any) -> dict[str, str]:  # noqa: ANN401 - whatever the caller sent
    """Return the texts of an example, lists joined as the engine joins several values; nulls are left out."""
    if not isinstance(body, dict) or not body:
        raise FieldInvalid("Send a JSON object with at least one attribute, such as a name.")
    given: dict[str, str] = {}
    for name, value in body.items():
        values = value if isinstance(value, list) else [value]
        if value is None:
            continue
        if not values or len(values) > MOST_VALUES or not all(isinstance(text, str) for text in values):
            shown = name[:60]
            raise FieldInvalid(f"{shown!r} must be a text or a list of 1 to {MOST_VALUES} texts.", attribute=shown)
        given[name] = SEPARATOR.join(values)
    return given
