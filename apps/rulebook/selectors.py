"""Read which rules are in force. Nothing here writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery

from apps.base.errors import Conflict, NotFound
from apps.engine import standardise
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics
from apps.rulebook.models import Approval, DryRun, Publication, RuleSetVersion


class OutdatedRules(Conflict):
    """The rule set version in force was made with other standardisation tables or libraries than this process has."""

    code = "rules.outdated"
    title = "The records must be standardised again"


class NoActiveRules(Conflict):
    """No rule set version is active, so nothing can be matched or explained."""

    code = "rules.none_active"
    title = "No rule set is active"


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The rule set version in force with the statistics frozen into it.

    It is settled where no record is left that another version matched last.
    """

    version: int
    rules: RuleSet
    statistics: Statistics
    is_settled: bool = True


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as a list shows it."""

    number: int
    state: str
    name: str
    note: str
    author: str
    record_count: int
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DryRunRow:
    """A dry run with what it found. `approvals` are (who, why, when)."""

    dry_run_id: int
    version: int
    state: str
    marks: Mapping[str, Any]
    digest: str
    report: Mapping[str, Any]
    run_id: int | None
    failure: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    approvals: tuple[tuple[str, str, datetime], ...]


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """One time that a version came into force. `finished_at` is None while its re-match goes on."""

    publication_id: int
    version: int
    published_by: str
    reason: str
    published_at: datetime
    run_id: int | None
    failures: int
    failure: str
    finished_at: datetime | None


def get_active_rules() -> ActiveRules:
    """Return the rule set version in force; raise NoActiveRules where none is.

    One query; a second one when this process meets the version for the first time, since a published version never
    changes.
    """
    row = _find_active()
    if row is None:
        raise NoActiveRules("No rule set version is active yet. Load the first sources, then ask again.")
    return replace(_read_version(*row[:2]), is_settled=row[4])


def find_active_rules() -> ActiveRules | None:
    """Return the rule set version in force to match by, or None before the first load. One or two queries.

    Raises OutdatedRules where scores made now would not mean what they meant when the version was published.
    """
    row = _find_active()
    if row is None:
        return None
    pk, rules_digest, number, made_with, is_settled = row
    if made_with != standardise.digest():
        raise OutdatedRules(
            f"rule set version {number} was published with other standardisation tables or libraries;"
            " publish the next one with `manage.py rematch`, which standardises every record again",
            version=number,
        )
    return replace(_read_version(pk, rules_digest), is_settled=is_settled)


def find_active_version() -> int | None:
    """Return the number of the version in force, or None. One query."""
    active = RuleSetVersion.objects.filter(state=RuleSetVersion.State.ACTIVE)
    return active.values_list("number", flat=True).first()


def get_draft(number: int) -> RuleSet:
    """Return the rules of a draft version; raise NotFound where there is no draft of that number. One query."""
    drafts = RuleSetVersion.objects.filter(state=RuleSetVersion.State.DRAFT, number=number)
    document = drafts.values_list("document", flat=True).first()
    if document is None:
        raise NotFound(f"there is no draft version {number}", version=number)
    return RuleSet.from_document(document)


def _find_active() -> tuple[int, str, int, str, bool] | None:
    """Return id, digest, number, standardiser's digest and whether settled of the version in force, or None."""
    # Asked with every record and look-up, so without what building a query costs.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, digest, number, standardiser_digest, is_settled FROM rulebook_rulesetversion"
            " WHERE state = 'active' LIMIT 1"
        )
        found: tuple[int, str, int, str, bool] | None = cursor.fetchone()
    return found


def get_version(number: int) -> VersionRow:
    """Return one version; raise NotFound. One query."""
    return _version_row(_find(number))


def list_versions(*, limit: int = 50) -> list[VersionRow]:
    """Return the versions, newest first. One query."""
    return [_version_row(row) for row in RuleSetVersion.objects.defer("statistics").order_by("-number")[:limit]]


def get_document(number: int) -> dict[str, Any]:
    """Return a version's rules as a document; raise NotFound. One query."""
    document: dict[str, Any] = _find(number).document
    return document


def get_rules(number: int) -> tuple[RuleSet, Statistics | None]:
    """Return a version's rules with the statistics frozen into it, None for a draft; raise NotFound.

    Raises OutdatedRules for a version frozen with other standardisation tables or libraries than this process has.
    """
    row = _find(number)
    rules = RuleSet.from_document(row.document)
    if row.state == RuleSetVersion.State.DRAFT:
        return rules, None
    if row.standardiser_digest != standardise.digest():
        raise OutdatedRules(
            f"Version {number} was frozen with other standardisation tables or libraries; save its rules as a draft.",
            version=number,
        )
    content = bytes(row.statistics)
    return rules, Statistics.from_bytes(content) if content else Statistics(row.record_count, rules.digest)


def find_dry_run(number: int) -> DryRunRow | None:
    """Return the newest dry run of a version, or None. Two queries."""
    rows = DryRun.objects.filter(version__number=number).select_related("version").prefetch_related("approvals")
    row = rows.order_by("-pk").first()
    return None if row is None else _dry_run_row(row)


def get_dry_run(dry_run_id: int) -> DryRunRow:
    """Return one dry run; raise NotFound. Two queries."""
    row = DryRun.objects.select_related("version").prefetch_related("approvals").filter(pk=dry_run_id).first()
    if row is None:
        raise NotFound(f"There is no dry run {dry_run_id}.")
    return _dry_run_row(row)


def list_unapproved(*, above: float) -> list[DryRunRow]:
    """Return the newest dry runs of versions, made on the one in force, that nobody has approved or published.

    Of those that would change more than the share `above` of the customers, oldest first. Three queries.
    """
    newest = DryRun.objects.filter(version=OuterRef("version")).order_by("-pk").values("pk")[:1]
    rows = DryRun.objects.filter(
        pk=Subquery(newest),
        state=DryRun.State.DONE,
        approvals=None,
        publications=None,
        marks__in_force=find_active_version(),
        report__share__gt=above,
    )
    rows = rows.select_related("version").defer("version__statistics", "version__document")
    return [_dry_run_row(row) for row in rows.prefetch_related("approvals").order_by("pk")]


def list_waiting_dry_runs() -> list[int]:
    """Return the dry runs that nobody has carried out, oldest first. One query."""
    return list(DryRun.objects.filter(state=DryRun.State.WAITING).order_by("pk").values_list("pk", flat=True))


def list_approvers(dry_run_id: int) -> list[str]:
    """Return who approved a dry run. One query."""
    return list(Approval.objects.filter(dry_run_id=dry_run_id).order_by("pk").values_list("approved_by", flat=True))


def list_publications(*, limit: int = 50) -> list[PublicationRow]:
    """Return which versions came into force, newest first. One query."""
    rows = Publication.objects.select_related("version").defer("version__statistics", "version__document")
    return [_publication_row(row) for row in rows.order_by("-pk")[:limit]]


def find_unfinished() -> PublicationRow | None:
    """Return the publication whose re-match is to be carried out or going on, or None. One query."""
    rows = Publication.objects.select_related("version").defer("version__statistics", "version__document")
    row = rows.filter(finished_at=None).order_by("-pk").first()
    return None if row is None else _publication_row(row)


def find_version_before(number: int) -> int | None:
    """Return the version that was in force before `number` came into force last, or None. One query."""
    numbers = list(Publication.objects.order_by("pk").values_list("version__number", flat=True))
    if number not in numbers:
        return None
    last = len(numbers) - 1 - numbers[::-1].index(number)
    return next((one for one in reversed(numbers[:last]) if one != number), None)


def _find(number: int) -> RuleSetVersion:
    row = RuleSetVersion.objects.filter(number=number).first()
    if row is None:
        raise NotFound(f"There is no rule set version {number}.", version=number)
    return row


def _version_row(row: RuleSetVersion) -> VersionRow:
    return VersionRow(
        row.number,
        row.state,
        str(row.document.get("name", "")),
        row.note,
        row.author,
        row.record_count,
        row.digest,
        row.created_at,
    )


def _dry_run_row(row: DryRun) -> DryRunRow:
    approvals = tuple((a.approved_by, a.reason, a.approved_at) for a in row.approvals.all())
    return DryRunRow(
        row.pk,
        row.version.number,
        row.state,
        row.marks,
        row.digest,
        row.report,
        row.run_id,
        row.failure,
        row.asked_by,
        row.asked_at,
        row.finished_at,
        approvals,
    )


def _publication_row(row: Publication) -> PublicationRow:
    return PublicationRow(
        row.pk,
        row.version.number,
        row.published_by,
        row.reason,
        row.published_at,
        row.run_id,
        row.failures,
        row.failure,
        row.finished_at,
    )


@lru_cache(maxsize=2)
def _read_version(version_id: int, digest: str) -> ActiveRules:
    row = RuleSetVersion.objects.get(pk=version_id, digest=digest)
    rules = RuleSet.from_document(row.document)
    content = bytes(row.statistics)
    statistics = Statistics.from_bytes(content) if content else Statistics(row.record_count, rules.digest)
    return ActiveRules(version=row.number, rules=rules, statistics=statistics)
