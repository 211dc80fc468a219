"""Rule set versions: saved, tried, approved, published, and the way back."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Final

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import answer_once
from apps.api.permissions import ADMINISTRATORS, STEWARDS
from apps.api.v1.jobs import StageShape
from apps.api.v1.routes import Route, answer, operation
from apps.api.v1.source_records import actor_of
from apps.base.errors import Invalid, NotFound
from apps.engine.rules import RuleSet, RuleSetError
from apps.engine.survive import PolicyError, SurvivorshipPolicy
from apps.pipeline.selectors import find_run
from apps.pipeline.whatif import approve_version, find_way_back, look_at, publish_version
from apps.rulebook import selectors
from apps.rulebook.services import ask_dry_run, save_draft

NUMBER: Final = OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH, description="The version's number.")
HIGHEST: Final = 2**31 - 1


class RulesInvalid(Invalid):
    """The rules sent can't be read."""

    code = "rules.invalid"
    title = "The rules can't be used"


class DraftShape(serializers.Serializer[Any]):
    """Rules to save as a draft: a document as `getRuleSet` gives it, or the text of a TOML file."""

    rules = serializers.DictField(required=False)
    toml = serializers.CharField(required=False)
    note = serializers.CharField(required=False, max_length=500)


class ReasonShape(serializers.Serializer[Any]):
    """Why; history keeps it."""

    reason = serializers.CharField(max_length=500)


class VersionShape(serializers.Serializer[Any]):
    """A version. `state` is draft, tried (frozen by a dry run), active (in force) or retired (was in force)."""

    number = serializers.IntegerField()
    state = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField()
    author = serializers.CharField()
    record_count = serializers.IntegerField(help_text="Source records whose statistics are frozen into it.")
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()


class VersionDetailShape(VersionShape):
    """A version with its rules."""

    rules = serializers.DictField()


class PublicationShape(serializers.Serializer[Any]):
    """One time that a version came into force; `finished_at` is null while its re-match goes on."""

    version = serializers.IntegerField()
    published_by = serializers.CharField()
    reason = serializers.CharField()
    published_at = serializers.DateTimeField()
    run = serializers.IntegerField(source="run_id", allow_null=True)
    failure = serializers.CharField()
    finished_at = serializers.DateTimeField(allow_null=True)
    stages = StageShape(many=True)


class VersionListShape(serializers.Serializer[Any]):
    """Versions and publications, newest first; `way_back` is the version before the one in force."""

    items = VersionShape(many=True)
    publications = PublicationShape(many=True)
    way_back = serializers.IntegerField(allow_null=True)


class ApprovalShape(serializers.Serializer[Any]):
    """A second person's word."""

    approved_by = serializers.CharField()
    reason = serializers.CharField()
    approved_at = serializers.DateTimeField()


class DryRunShape(serializers.Serializer[Any]):
    """What publishing a version would change. `state` is waiting, done or failed; `report` is empty until it is done.

    `report` has `counts`, `events`, `subscribers` (deliveries by subscriber), `targets` (ids to write by system),
    `attributes` (changed golden values), `samples`, `not_as_before`, `affected`, `customers` and `share`. It is stale
    where more than `moved_limit` records changed since, or another version came into force. Above `limit`, a second
    person has to approve.
    """

    version = serializers.IntegerField()
    state = serializers.CharField()
    digest = serializers.CharField(help_text="Fingerprint of the rules and of how far the hub had come.")
    report = serializers.DictField()
    failure = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    moved = serializers.IntegerField()
    moved_limit = serializers.IntegerField()
    is_stale = serializers.BooleanField()
    limit = serializers.FloatField()
    needs_approval = serializers.BooleanField()
    approvals = ApprovalShape(many=True)
    run = serializers.IntegerField(allow_null=True)
    stages = StageShape(many=True)


class RuleSetList(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    admits_writers: ClassVar[frozenset[str] | None] = ADMINISTRATORS

    @operation(
        "listRuleSets",
        "Rule set versions and when they came into force",
        VersionListShape,
        admits=STEWARDS,
        tag="rules",
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the fifty newest versions, the ten newest publications, and the way back."""
        active = selectors.find_active_version()
        return answer(
            VersionListShape,
            {
                "items": selectors.list_versions(),
                "publications": [_publication(row) for row in selectors.list_publications(limit=10)],
                "way_back": selectors.find_version_before(active) if active else None,
            },
        )

    @operation(
        "saveRuleSet",
        "Save rules as a draft",
        VersionDetailShape,
        admits=ADMINISTRATORS,
        success=201,
        writes=True,
        tag="rules",
        request={"application/json": DraftShape},
    )
    def post(self, request: Request) -> Response:
        """Save a rule set under the next number. Nothing is matched by it until it is published."""
        rules, note = _read_rules(request.data)

        def save() -> Response:
            made = save_draft(rules=rules, note=note, actor=actor_of(request))
            response = answer(
                VersionDetailShape, _detail(made.number), Location=reverse("api:rule-set", args=[made.number])
            )
            response.status_code = 201
            return response

        return answer_once(request, save)


class RuleSetDetail(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS

    @operation(
        "getRuleSet", "One version with its rules", VersionDetailShape, refusals=(404,), admits=STEWARDS, tag="rules",
        parameters=[NUMBER],
    )  # fmt: skip
    def get(self, request: Request, number: int) -> Response:  # noqa: ARG002 - the framework's signature
        """Return a version and the document of its rules."""
        return answer(VersionDetailShape, _detail(_known(number)))


class RuleSetDryRun(Route):
    admits: ClassVar[frozenset[str]] = STEWARDS
    admits_writers: ClassVar[frozenset[str] | None] = ADMINISTRATORS

    @operation(
        "getDryRun", "What publishing a version would change", DryRunShape, refusals=(404,), admits=STEWARDS,
        tag="rules", parameters=[NUMBER],
    )  # fmt: skip
    def get(self, request: Request, number: int) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the newest dry run of a version with its report, and how far it has come while it goes on."""
        return answer(DryRunShape, _dry_run(_known(number)))

    @operation(
        "askDryRun", "Find out what publishing a version would change", DryRunShape, refusals=(404,),
        admits=ADMINISTRATORS, success=202, writes=True, tag="rules", request=None, parameters=[NUMBER],
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Have a worker match every stored record by the version, and count what that would change.

        Nothing is stored but the report. The first dry run of a draft freezes its statistics: it never changes after.
        """

        def ask() -> Response:
            ask_dry_run(number=_known(number), actor=actor_of(request))
            response = answer(DryRunShape, _dry_run(number), Location=reverse("api:rule-set-dry-run", args=[number]))
            response.status_code = 202
            return response

        return answer_once(request, ask)


class RuleSetApproval(Route):
    admits: ClassVar[frozenset[str]] = ADMINISTRATORS
    http_method_names = ["post"]

    @operation(
        "approveRuleSet", "Give a second person's word for a dry run", DryRunShape, refusals=(404,),
        admits=ADMINISTRATORS, writes=True, tag="rules", request={"application/json": ReasonShape}, parameters=[NUMBER],
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Approve what the newest dry run found. Who saved the version or asked for the dry run may not."""
        reason = _read_reason(request.data)

        def approve() -> Response:
            approve_version(number=_known(number), reason=reason, actor=actor_of(request))
            return answer(DryRunShape, _dry_run(number))

        return answer_once(request, approve)


class RuleSetPublication(Route):
    admits: ClassVar[frozenset[str]] = ADMINISTRATORS
    http_method_names = ["post"]

    @operation(
        "publishRuleSet", "Put a version in force and match every record by it", PublicationShape, refusals=(404,),
        admits=ADMINISTRATORS, success=202, writes=True, tag="rules", request={"application/json": ReasonShape},
        parameters=[NUMBER],
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Put a tried version in force; a worker matches every record by it, and goes on where it was interrupted.

        Refused with 409 without a dry run that is done and still holds, and with 403 above the limit without the word
        of somebody else.
        """
        reason = _read_reason(request.data)
        return answer_once(request, lambda: _publish(request, _known(number), reason))


class RuleSetRevert(Route):
    admits: ClassVar[frozenset[str]] = ADMINISTRATORS
    http_method_names = ["post"]

    @operation(
        "revertRuleSet", "Publish the version before", PublicationShape, admits=ADMINISTRATORS, success=202,
        writes=True, tag="rules", request={"application/json": ReasonShape},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Publish the version that was in force before, as `publishRuleSet` does: with a dry run, under the same limit.

        `not_as_before` of its dry run names the records that would not be where they were.
        """
        reason = _read_reason(request.data)
        return answer_once(request, lambda: _publish(request, find_way_back(), reason))


def _publish(request: Request, number: int, reason: str) -> Response:
    publication = publish_version(number=number, reason=reason, actor=actor_of(request))
    response = answer(PublicationShape, _publication(publication))
    response.status_code = 202
    return response


def _known(number: int) -> int:
    if number > HIGHEST:
        raise NotFound(f"There is no rule set version {number}.", version=number)
    return number


def _detail(number: int) -> dict[str, Any]:
    row = selectors.get_version(number)
    return asdict(row) | {"rules": selectors.get_document(number)}


def _publication(row: selectors.PublicationRow) -> dict[str, Any]:
    run = find_run(row.run_id) if row.run_id and row.finished_at is None else None
    names = ("version", "published_by", "reason", "published_at", "run_id", "failure", "finished_at")
    return {name: getattr(row, name) for name in names} | {"stages": run.stages if run else ()}


def _dry_run(number: int) -> dict[str, Any]:
    standing = look_at(number)
    row = standing.dry_run
    if row is None:
        raise NotFound(f"No dry run of version {number} was asked for.", version=number)
    run = find_run(row.run_id) if row.run_id and row.state == "waiting" else None
    names = ("version", "state", "digest", "report", "failure", "asked_by", "asked_at", "finished_at")
    return {name: getattr(row, name) for name in names} | {
        "moved": standing.moved,
        "moved_limit": standing.moved_limit,
        "is_stale": standing.is_stale,
        "limit": standing.limit,
        "needs_approval": standing.is_over,
        "approvals": [{"approved_by": who, "reason": why, "approved_at": at} for who, why, at in row.approvals],
        "run": row.run_id,
        "stages": run.stages if run else (),
    }


def _read_rules(body: object) -> tuple[RuleSet, str]:
    members = _members(body, {"rules", "toml", "note"})
    document, text, note = members.get("rules"), members.get("toml"), members.get("note", "")
    if (document is None) == (text is None) or not isinstance(note, str) or len(note) > 500:
        raise RulesInvalid("Send either `rules` or `toml`, and a `note` of at most 500 characters.")
    try:
        if document is None:
            document = tomllib.loads(text if isinstance(text, str) else "=")
        rules = RuleSet.from_document(document)
        SurvivorshipPolicy.from_document(rules.survivorship)
    except (RuleSetError, PolicyError, tomllib.TOMLDecodeError) as error:
        raise RulesInvalid(str(error)) from error
    return rules, note


def _read_reason(body: object) -> str:
    reason = _members(body, {"reason"}).get("reason")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > 500:
        raise RulesInvalid("reason must be a text of 1 to 500 characters.", field="reason")
    return reason


def _members(body: object, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise RulesInvalid("Send a JSON object.")
    for name in body:
        if name not in known:
            raise RulesInvalid(f"There is no member {name[:60]!r}; known: {', '.join(sorted(known))}.", field=name[:60])
    return body
