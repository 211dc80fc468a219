"""Pins: fix a customer's value by hand, let it go, and see what is fixed."""

from datetime import date
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import answer_once
from apps.api.permissions import EVERY_ROLE, STEWARDS
from apps.api.v1.customers import get_living, tag_of
from apps.api.v1.pin_shapes import PinsShape, WishShape
from apps.api.v1.preconditions import IF_MATCH, seen_version
from apps.api.v1.routes import GID, Route, answer, operation, query
from apps.api.v1.source_records import actor_of
from apps.base.errors import Invalid
from apps.golden.selectors import get_customer, list_pins
from apps.pipeline.fixing import Fixed, SourceKey, Wish, pin_value, release_pin

ATTRIBUTE = OpenApiParameter(
    "attribute", OpenApiTypes.STR, OpenApiParameter.PATH, description="Attribute whose value is fixed, such as name."
)
_TEXTS = ("attribute", "value", "until", "reason")
_RECORDS = ("taken_from", "watching")


class WishInvalid(Invalid):
    """The body names a field that is unknown, missing, or of another kind."""

    code = "pin.field_invalid"
    title = "A field of the pin can't be used"


class PinList(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE
    admits_writers: ClassVar[frozenset[str] | None] = STEWARDS

    @operation(
        "listPins",
        "What a steward fixed for a customer",
        PinsShape,
        refusals=(404, 410),
        parameters=[GID],
    )
    def get(self, request: Request, gid: str) -> Response:  # noqa: ARG002 - the framework's signature
        """Return every pin that is not released, whether it holds or not, following a merge."""
        customer = get_living(gid)
        found = Fixed(customer.gid, customer.version, tuple(list_pins(customer.gid)))
        return answer(PinsShape, found, ETag=tag_of(customer))

    @operation(
        "pinValue",
        "Fix one value of a customer",
        PinsShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        request={"application/json": WishShape},
        parameters=[GID, IF_MATCH],
    )
    def post(self, request: Request, gid: str) -> Response:
        """Fix a value until a person releases it, a member record says something else, or a day comes.

        It holds against whatever the sources say and goes through merges, splits and reloads: a pin follows the source
        records that the customer has now, to wherever most of them are. A pin of the same attribute is replaced.
        The customer's version rises, and `customer.updated` goes out.
        """
        wish, reason = read_wish(request.data)
        actor = actor_of(request)

        def work() -> Response:
            customer = get_living(gid)
            version = seen_version(request, customer)
            return _answer(
                gid, pin_value(gid=customer.gid, wish=wish, reason=reason, expected_version=version, actor=actor)
            )

        return answer_once(request, work)


class PinDetail(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"reason"})
    http_method_names = ["delete"]

    @operation(
        "releasePin",
        "Let the rules choose a value again",
        PinsShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        parameters=[GID, ATTRIBUTE, IF_MATCH, query("reason", "Why it is released; kept in history.", required=True)],
    )
    def delete(self, request: Request, gid: str, attribute: str) -> Response:
        """Release the customer's pin of the attribute, whether it holds or not. Its history stays."""
        reason = self.needed(request, "reason")
        actor = actor_of(request)

        def work() -> Response:
            customer = get_living(gid)
            version = seen_version(request, customer)
            released = release_pin(
                gid=customer.gid, attribute=attribute, reason=reason, expected_version=version, actor=actor
            )
            return _answer(gid, released)

        return answer_once(request, work)


def _answer(asked: str, fixed: Fixed) -> Response:
    return answer(PinsShape, fixed, ETag=tag_of(get_customer(asked)))


def read_wish(body: Any) -> tuple[Wish, str]:  # noqa: ANN401 - whatever the caller sent
    """Return what to fix and why, or raise WishInvalid naming the field."""
    for name, value in body.items():
        if name in _TEXTS and isinstance(value, str):
            continue
        if name in _RECORDS and _names_a_record(value):
            continue
        known = ", ".join((*_TEXTS, *_RECORDS))
        raise WishInvalid(f"{name[:60]!r} is unknown or of the wrong kind; known: {known}.", field=name[:60])
    for name in ("attribute", "reason"):
        if not body.get(name, "").strip():
            raise WishInvalid(f"{name} is needed.", field=name)
    wish = Wish(
        attribute=body["attribute"],
        value=body.get("value"),
        taken_from=_record(body.get("taken_from")),
        watching=_record(body.get("watching")),
        until=_day(body.get("until")),
    )
    return wish, body["reason"]


def _names_a_record(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"source", "key"}
        and all(isinstance(text, str) for text in value.values())
    )


def _record(named: dict[str, str] | None) -> SourceKey | None:
    return None if named is None else SourceKey(named["source"], named["key"])


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WishInvalid("until must be a day, such as 2027-01-31.", field="until") from error
