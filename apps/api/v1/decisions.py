"""Decisions about customers: merge, split, unmerge, transfer, and undo; each can be shown before it is made."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import answer_once
from apps.api.permissions import STEWARDS
from apps.api.v1 import decision_shapes as shapes
from apps.api.v1.customers import get_living
from apps.api.v1.routes import GID, ParameterInvalid, Route, answer, operation, query
from apps.api.v1.source_records import KEY, SOURCE, actor_of
from apps.base.errors import Invalid
from apps.pipeline.deciding import (
    Outcome,
    VersionNeeded,
    merge_customers,
    split_customer,
    transfer_record,
    undo_decision,
    unmerge_customer,
)
from apps.pipeline.previewing import preview

ADMINISTRATOR: Final = "administrator"
LONGEST_LIST: Final = 10_000
# An ETag as `getCustomer` gives it (asked id, id, version), or simply id and version; weak or not.
_TAG: Final = re.compile(r'(?:W/)?"(?:[A-Z0-9-]{1,40}\.)?([A-Z0-9-]{1,40})\.([0-9]{1,9})"\Z', re.ASCII)
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of every customer that is decided about, separated by commas. A preview needs none.",
)
PREVIEW: Final = query(
    "preview", "`true` shows what would come of it; nothing is stored and nobody told.", kind=OpenApiTypes.BOOL
)


class FieldInvalid(Invalid):
    """A member of the body is missing, unknown, or of the wrong kind."""

    code = "decision.field_invalid"
    title = "The decision can't be read"


@dataclass(frozen=True, slots=True)
class Body:
    """The members of a body, read strictly: each method raises FieldInvalid for what is missing or of another kind."""

    members: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a text that isn't empty."""
        value = self.members.get(name)
        if not isinstance(value, str) or not value.strip():
            raise FieldInvalid(f"{name} must be a text that isn't empty.", field=name)
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts that isn't empty."""
        return _texts(self.members.get(name), name)

    def numbers(self, name: str) -> list[int]:
        """Return a list of whole numbers, empty where it is missing."""
        found = self.members.get(name) or []
        if not isinstance(found, list) or not all(_is_number(one) for one in found) or len(found) > LONGEST_LIST:
            raise FieldInvalid(f"{name} must be a list of whole numbers.", field=name)
        return found

    def record(self, name: str) -> tuple[str, str]:
        """Return source and key of a source record."""
        found = self.members.get(name)
        if not isinstance(found, dict) or found.keys() != {"source", "key"}:
            raise FieldInvalid(f"{name} must name a source record by source and key.", field=name)
        if not all(isinstance(text, str) and text for text in found.values()):
            raise FieldInvalid(f"{name}: source and key must be texts that aren't empty.", field=name)
        return found["source"], found["key"]


class DecisionRoute(Route):
    """What the routes that decide share: the versions seen, the preview, and one transaction with its answer."""

    http_method_names = ["post"]

    def decide(self, request: Request, decide: Callable[[Mapping[str, int] | None], Outcome]) -> Response:
        """Answer with what `decide` comes to, given the versions of If-Match, or with its preview."""
        is_preview = self._asks_preview(request)
        versions = read_versions(request.headers.get("If-Match"), is_needed=not is_preview)
        if is_preview:
            return answer_once(request, lambda: answer(shapes.OutcomeShape, preview(lambda: decide(versions))))
        return answer_once(request, lambda: answer(shapes.OutcomeShape, decide(versions)))

    def _asks_preview(self, request: Request) -> bool:
        asked = self.parameter(request, "preview")
        if asked not in {None, "true", "false"}:
            raise ParameterInvalid("preview is true or false.", parameter="preview")
        return asked == "true"


class CustomerMerge(DecisionRoute):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"preview"})

    @operation(
        "mergeCustomers",
        "Make one customer of several",
        shapes.OutcomeShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        request={"application/json": shapes.MergeShape},
        parameters=[GID, IF_MATCH, PREVIEW],
    )
    def post(self, request: Request, gid: str) -> Response:
        """Say that the customers are the same, and merge them.

        Every later run keeps them together. Two different exclusive numbers don't stand in the way of a person; a case
        then asks about them. A decision that keeps any of them apart does: 409 names the chain, and `supersedes` lets
        its decisions give way.
        """
        body = read_body(request.data, {"with", "survivor", "reason", "supersedes"})
        gids = [get_living(name).gid for name in (gid, *body.texts("with"))]
        survivor = get_living(body.text("survivor")).gid if "survivor" in body.members else None
        return self.decide(
            request,
            lambda versions: merge_customers(
                gid=gids[0],
                others=gids[1:],
                survivor=survivor,
                reason=body.text("reason"),
                versions=versions,
                supersedes=body.numbers("supersedes"),
                actor=actor_of(request),
            ),
        )


class CustomerSplit(DecisionRoute):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"preview"})

    @operation(
        "splitCustomer",
        "Make several customers of one",
        shapes.OutcomeShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        request={"application/json": shapes.SplitShape},
        parameters=[GID, IF_MATCH, PREVIEW],
    )
    def post(self, request: Request, gid: str) -> Response:
        """Say that the groups differ, and split them.

        Each group stays whole and apart from the others in every later run; a record from elsewhere may still join one
        of them by rule, which the answer shows.
        """
        body = read_body(request.data, {"groups", "heir", "reason", "supersedes"})
        read, heir = read_groups(body)
        living = get_living(gid).gid
        return self.decide(
            request,
            lambda versions: split_customer(
                gid=living,
                groups=read,
                heir=heir,
                reason=body.text("reason"),
                versions=versions,
                supersedes=body.numbers("supersedes"),
                actor=actor_of(request),
            ),
        )


class CustomerUnmerge(DecisionRoute):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"preview"})

    @operation(
        "unmergeCustomer",
        "Give a merged id back what it had brought along",
        shapes.OutcomeShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        request={"application/json": shapes.UnmergeShape},
        parameters=[GID, IF_MATCH, PREVIEW],
    )
    def post(self, request: Request, gid: str) -> Response:
        """Split off what a merge brought and is still there; the absorbed id is live again.

        The decision that merged them gives way by itself, other decisions only where `supersedes` cites them.
        """
        body = read_body(request.data, {"absorbed", "reason", "supersedes"})
        living = get_living(gid).gid
        return self.decide(
            request,
            lambda versions: unmerge_customer(
                gid=living,
                absorbed=body.text("absorbed"),
                reason=body.text("reason"),
                versions=versions,
                supersedes=body.numbers("supersedes"),
                actor=actor_of(request),
            ),
        )


class RecordTransfer(DecisionRoute):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"preview"})

    @operation(
        "transferRecord",
        "Move a source record to another customer",
        shapes.OutcomeShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        tag="records",
        request={"application/json": shapes.TransferShape},
        parameters=[SOURCE, KEY, IF_MATCH, PREVIEW],
    )
    def post(self, request: Request, source: str, key: str) -> Response:
        """Say that the record differs from those it leaves and is the same as those it joins, and move it.

        If-Match names the customer it leaves and, unless `to` is "new", the one it joins.
        """
        body = read_body(request.data, {"to", "reason", "supersedes"})
        asked = body.text("to")
        to = asked if asked == "new" else get_living(asked).gid
        return self.decide(
            request,
            lambda versions: transfer_record(
                source=source,
                key=key,
                to=to,
                reason=body.text("reason"),
                versions=versions,
                supersedes=body.numbers("supersedes"),
                actor=actor_of(request),
            ),
        )


class DecisionUndo(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    http_method_names = ["post"]

    @operation(
        "undoDecision",
        "Take a decision back",
        shapes.UndoneShape,
        refusals=(404,),
        admits=STEWARDS,
        writes=True,
        tag="cases",
        request={"application/json": shapes.UndoShape},
        parameters=[
            OpenApiParameter("decision", OpenApiTypes.INT, OpenApiParameter.PATH, description="Number of the decision.")
        ],
    )
    def post(self, request: Request, decision: int) -> Response:
        """Restore who belonged together, the values and the ids, and say what changed since.

        Only an administrator takes back what another token or person decided. What the decision had put out of force
        binds again.
        """
        body = read_body(request.data, {"reason"})
        reason, only_own = body.text("reason"), getattr(request.user, "role", None) != ADMINISTRATOR
        return answer_once(
            request,
            lambda: answer(
                shapes.UndoneShape,
                undo_decision(verdict_id=decision, reason=reason, only_own=only_own, actor=actor_of(request)),
            ),
        )


def read_body(body: object, known: set[str]) -> Body:
    """Return a decision's body, whose reason and cited decisions can be read and whose members are all known."""
    if not isinstance(body, dict):
        raise FieldInvalid("Send a JSON object.")
    for name in body:
        if name not in known:
            raise FieldInvalid(f"There is no member {name[:60]!r}; known: {', '.join(sorted(known))}.", field=name[:60])
    read = Body(body)
    read.text("reason")
    read.numbers("supersedes")
    return read


def read_groups(body: Body) -> tuple[list[list[str]], int | None]:
    """Return the groups of a split, as source:key, and the place of the one that keeps the id, where one is named."""
    groups, heir = body.members.get("groups"), body.members.get("heir")
    if not isinstance(groups, list) or len(groups) > LONGEST_LIST:
        raise FieldInvalid("groups must be a list of lists of source:key.", field="groups")
    if heir is not None and not _is_number(heir):
        raise FieldInvalid("heir must be a whole number.", field="heir")
    return [_texts(group, "groups") for group in groups], heir


def _texts(found: object, name: str) -> list[str]:
    if not isinstance(found, list) or not found or len(found) > LONGEST_LIST:
        raise FieldInvalid(f"{name} must be a list that isn't empty.", field=name)
    if not all(isinstance(text, str) and text for text in found):
        raise FieldInvalid(f"{name} must hold texts.", field=name)
    return list(found)


def _is_number(found: object) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**63


def read_versions(header: str | None, *, is_needed: bool) -> dict[str, int] | None:
    """Return the version by governed id that If-Match names; None where there is no header and none is needed."""
    if header is None:
        if is_needed:
            raise VersionNeeded("Send If-Match with the ETag of every customer that is decided about.")
        return None
    versions = {}
    for tag in header[:LONGEST_LIST].split(","):
        found = _TAG.match(tag.strip())
        if found is None:
            raise ParameterInvalid(
                f"If-Match holds {tag.strip()[:60]!r}, which is no customer's ETag.", parameter="If-Match"
            )
        versions[found[1]] = int(found[2])
    return versions
