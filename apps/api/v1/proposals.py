"""Proposals: decisions that take a second person, made, looked at and decided over REST. Nobody decides their own."""

from typing import Any, ClassVar, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import answer_once
from apps.api.paging import CursorInvalid, read_cursor, read_limit, write_cursor
from apps.api.permissions import ADMINISTRATORS, STEWARDS
from apps.api.v1 import proposal_shapes as shapes
from apps.api.v1.customers import get_living
from apps.api.v1.decisions import IF_MATCH, Body, FieldInvalid, read_body, read_groups, read_versions
from apps.api.v1.pins import read_wish
from apps.api.v1.preconditions import seen_version
from apps.api.v1.routes import ParameterInvalid, Route, answer, operation, query
from apps.api.v1.source_records import actor_of
from apps.pipeline import proposals
from apps.pipeline.proposals import Act
from apps.pipeline.proposals.acts import wish_arguments

NUMBER: Final = OpenApiParameter(
    "proposal", OpenApiTypes.INT, OpenApiParameter.PATH, description="The proposal's number."
)
_WISH: Final = {"attribute", "value", "taken_from", "watching", "until"}
_MEMBERS: Final[dict[str, set[str]]] = {
    "merge": {"gid", "with", "survivor", "supersedes"},
    "split": {"gid", "groups", "heir", "supersedes"},
    "judge": {"case"},
    "fix": {"gid", *_WISH},
    "release": {"gid", "attribute"},
}


class ProposalList(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    takes: ClassVar[frozenset[str]] = frozenset({"state", "limit", "cursor"})

    @operation(
        "listProposals",
        "Decisions that wait for a second person",
        shapes.ProposalPageShape,
        admits=STEWARDS,
        tag="cases",
        parameters=[
            query("state", "`open`, oldest first, or `decided`, newest first; `open` unless told."),
            query("limit", "Proposals per page, 1 to 100; 25 unless told."),
            query("cursor", "The `next` of the page before."),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return proposals that wait, or those that are decided."""
        state = self.parameter(request, "state") or "open"
        if state not in {"open", "decided"}:
            raise ParameterInvalid("state is open or decided.", parameter="state")
        limit = read_limit(self.parameter(request, "limit"))
        after = _position(self.parameter(request, "cursor"), state)
        found = proposals.list_proposals(is_open=state == "open", after=after, limit=limit + 1)
        shown = found[:limit]
        more = write_cursor("proposals", state, [shown[-1].proposal_id]) if len(found) > limit else None
        return answer(shapes.ProposalPageShape, {"items": shown, "next": more})

    @operation(
        "propose",
        "Ask a second person for a decision",
        shapes.ProposalShape,
        refusals=(404, 410, 412, 428),
        admits=STEWARDS,
        writes=True,
        tag="cases",
        request={"application/json": shapes.ProposeShape},
        parameters=[IF_MATCH],
    )
    def post(self, request: Request) -> Response:
        """Keep a decision with what it would do, for somebody else to approve. Nothing else happens.

        What waits already is returned. If-Match names the customers that it is about.
        """
        act, reason = _read_act(request)
        versions = read_versions(request.headers.get("If-Match"), is_needed=True) or {}
        actor = actor_of(request)
        return answer_once(
            request, lambda: _show(proposals.propose(act=act, versions=versions, reason=reason, actor=actor))
        )


class ProposalDetail(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    http_method_names = ["get"]

    @operation(
        "getProposal",
        "One proposal with what it would change",
        shapes.ProposalShape,
        refusals=(404,),
        admits=STEWARDS,
        tag="cases",
        parameters=[NUMBER],
    )
    def get(self, request: Request, proposal: int) -> Response:  # noqa: ARG002 - the framework's signature
        """Return a proposal, open or decided, with the customers before and after."""
        return _show(proposal)


class ProposalApproval(Route):
    admits: ClassVar[frozenset[str]] = ADMINISTRATORS
    http_method_names = ["post"]

    @operation(
        "approveProposal",
        "Approve a proposal and carry it out",
        shapes.ProposalShape,
        refusals=(404, 412),
        admits=ADMINISTRATORS,
        writes=True,
        tag="cases",
        request={"application/json": shapes.ApproveShape},
        parameters=[NUMBER],
    )
    def post(self, request: Request, proposal: int) -> Response:
        """Carry out what was proposed, as it was seen: 409 `proposal.moved` for another revision, 412 where a customer
        has changed since. Nobody approves their own.
        """
        body, actor = read_body(request.data, {"revision", "reason"}), actor_of(request)
        revision = _number(body, "revision")

        def work() -> Response:
            proposals.approve_proposal(proposal_id=proposal, revision=revision, reason=body.text("reason"), actor=actor)
            return _show(proposal)

        return answer_once(request, work)


class ProposalRefusal(Route):
    admits: ClassVar[frozenset[str]] = ADMINISTRATORS
    http_method_names = ["post"]

    @operation(
        "refuseProposal",
        "Refuse a proposal",
        shapes.ProposalShape,
        refusals=(404,),
        admits=ADMINISTRATORS,
        writes=True,
        tag="cases",
        request={"application/json": shapes.RefuseShape},
        parameters=[NUMBER],
    )
    def post(self, request: Request, proposal: int) -> Response:
        """Say no, and why. Nobody refuses their own; they withdraw it."""
        reason, actor = read_body(request.data, {"reason"}).text("reason"), actor_of(request)

        def work() -> Response:
            proposals.refuse_proposal(proposal_id=proposal, reason=reason, actor=actor)
            return _show(proposal)

        return answer_once(request, work)


class ProposalWithdrawal(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    http_method_names = ["post"]

    @operation(
        "withdrawProposal",
        "Take one's own proposal back",
        shapes.ProposalShape,
        refusals=(404,),
        admits=STEWARDS,
        writes=True,
        tag="cases",
        request=None,
        parameters=[NUMBER],
    )
    def post(self, request: Request, proposal: int) -> Response:
        """Take it back, unless it is decided."""

        def work() -> Response:
            proposals.withdraw_proposal(proposal_id=proposal, actor=actor_of(request))
            return _show(proposal)

        return answer_once(request, work)


class ProposalRefresh(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    http_method_names = ["post"]

    @operation(
        "refreshProposal",
        "Look at a proposal anew",
        shapes.ProposalShape,
        refusals=(404,),
        admits=STEWARDS,
        writes=True,
        tag="cases",
        request=None,
        parameters=[NUMBER],
    )
    def post(self, request: Request, proposal: int) -> Response:
        """Take the customers as they are now: what it would change is worked out again, and `revision` rises."""

        def work() -> Response:
            proposals.refresh_proposal(proposal_id=proposal, actor=actor_of(request))
            return _show(proposal)

        return answer_once(request, work)


def _show(proposal: int) -> Response:
    return answer(shapes.ProposalShape, proposals.get_proposal(proposal))


def _position(cursor: str | None, state: str) -> int:
    if cursor is None:
        return 0
    try:
        (after,) = read_cursor("proposals", state, cursor)
    except ValueError as error:
        raise CursorInvalid("The cursor doesn't name a proposal.") from error
    return int(after)


def _read_act(request: Request) -> tuple[Act, str]:
    """Return what is proposed and why; raise FieldInvalid or WishInvalid naming the member."""
    named = request.data.get("act") if isinstance(request.data, dict) else None
    if not isinstance(named, str) or named not in _MEMBERS:
        raise FieldInvalid(f"act must be one of {', '.join(_MEMBERS)}.", field="act")
    body = read_body(request.data, {"act", "reason", *_MEMBERS[named]})
    reason = body.text("reason")
    if named == "judge":
        return Act("judge", {"case_id": _number(body, "case"), "choices": []}), reason
    gid = get_living(body.text("gid")).gid
    if named == "merge":
        said: dict[str, Any] = {"gid": gid, "others": [get_living(one).gid for one in body.texts("with")]}
        said["survivor"] = get_living(body.text("survivor")).gid if "survivor" in body.members else None
        return Act("merge", said | {"supersedes": body.numbers("supersedes")}), reason
    if named == "split":
        groups, heir = read_groups(body)
        said = {"gid": gid, "groups": groups, "supersedes": body.numbers("supersedes")}
        return Act("split", said | ({} if heir is None else {"heir": heir})), reason
    seen_version(request, get_living(gid))
    if named == "release":
        return Act("release", {"gid": gid, "attribute": body.text("attribute")}), reason
    wish, _ = read_wish({name: value for name, value in body.members.items() if name in {*_WISH, "reason"}})
    return Act("fix", wish_arguments(gid, wish)), reason


def _number(body: Body, name: str) -> int:
    found = body.members.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 2**31:
        raise FieldInvalid(f"{name} must be a whole number.", field=name)
    return found
