"""Standard records, links with their evidence, and verdicts. A verdict is never edited by a run."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from apps.base.history import tracked


class StandardRecord(models.Model):
    """The applied version of a source record after standardisation, with its match keys."""

    # Derived rows: their services drop them with their source record, so a constraint per row would only cost.
    record = models.OneToOneField(
        "sources.SourceRecord", models.CASCADE, primary_key=True, related_name="standard", db_constraint=False
    )
    version_number = models.PositiveIntegerField()
    parts = models.JSONField()
    match_keys = ArrayField(models.BigIntegerField())
    rules_version = models.PositiveIntegerField()

    class Meta:
        # find_candidates: records that share a match key with the one asked about
        # How long its pending list may grow, each writer says: see `apps.base.pending`.
        indexes = [GinIndex(fields=["match_keys"], name="standard_by_match_key")]

    def __str__(self) -> str:
        return f"standard record {self.record_id}"


class Link(models.Model):
    """A scored pair kept. `levels` are the comparison levels in the rule set's order; sentences are made on reading."""

    low = models.ForeignKey(
        "sources.SourceRecord", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    high = models.ForeignKey(
        "sources.SourceRecord", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    score = models.IntegerField()  # 1/1000 bit
    levels = ArrayField(models.SmallIntegerField())
    rules_version = models.PositiveIntegerField()
    run_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="one_link_per_pair"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="link_is_ordered_low_high"),
        ]
        # list_links_of: the other direction of the pair
        indexes = [models.Index(fields=["high"], name="link_by_high_record")]

    def __str__(self) -> str:
        return f"link {self.low_id}-{self.high_id}"


class Verdict(models.Model):
    """What a person (or a policy) decided about a set of pairs, with the evidence that was on the screen."""

    class Kind(models.TextChoices):
        SAME = "same", "Same customer"
        DIFFERENT = "different", "Different"
        RELATED = "related", "Related"
        NOT_SURE = "not_sure", "Not sure"

    kind = models.CharField(max_length=10, choices=Kind)
    by_policy = models.BooleanField(default=False)
    decided_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    rules_version = models.PositiveIntegerField()
    # Members of both customers and the scores as they were seen.
    seen = models.JSONField(default=dict)
    case_id = models.BigIntegerField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=200, blank=True)
    history = tracked()

    class Meta:
        # list_decisions_of: a person's latest decisions, for undo
        indexes = [models.Index(fields=["decided_by", "-decided_at"], name="verdict_by_person")]

    def __str__(self) -> str:
        return f"decision {self.pk}: {self.kind}"


class VerdictPair(models.Model):
    """One pair a verdict speaks about. Only live pairs bind matching.

    A pair that says again what a live one says waits beneath it, and binds when that one's verdict is undone. A pair
    of which a later decision said otherwise names that decision; it binds again, as a new row, when that is undone.
    """

    verdict = models.ForeignKey(Verdict, models.CASCADE, related_name="pairs")
    low = models.ForeignKey("sources.SourceRecord", models.PROTECT, related_name="+", db_index=False)
    high = models.ForeignKey("sources.SourceRecord", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Verdict.Kind)
    is_live = models.BooleanField(default=True)
    superseded_by = models.ForeignKey(
        Verdict, models.PROTECT, null=True, related_name="superseded_pairs", db_index=False
    )
    history = tracked("verdict", "low", "high", "superseded_by")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="verdict_pair_is_ordered_low_high"),
            models.UniqueConstraint(
                fields=["low", "high"],
                condition=Q(is_live=True, kind__in=["same", "different", "related"]),
                name="one_binding_verdict_per_pair",
            ),
        ]
        indexes = [
            # list_verdicts: everything that was ever said of a record
            models.Index(fields=["low"], name="verdict_pair_by_low"),
            models.Index(fields=["high"], name="verdict_pair_by_high"),
            # withdraw_verdict: what else was said about a pair
            models.Index(fields=["low", "high"], condition=Q(is_live=False), name="resting_verdict_pair"),
            # withdraw_verdict: what a decision put out of force
            models.Index(
                fields=["superseded_by"], condition=Q(superseded_by__isnull=False), name="verdict_pair_by_successor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.low_id}-{self.high_id}"
