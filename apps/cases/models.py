"""Questions for a steward: who has them and what became of them. At most one open case per pair."""

from django.db import models
from django.db.models import F, Q

from apps.base.history import tracked


class Case(models.Model):
    """A question only a person should settle."""

    class Kind(models.TextChoices):
        PAIR = "pair", "Possible duplicate"  # two source records score in the review band
        WEAK = "weak", "May be two customers"  # two source records of one customer that don't look alike
        CONFLICT = "conflict", "Conflict"  # a decision and an exclusive identifier disagree
        REOPENED = "reopened", "Changed since decided"  # what a "different" was decided on says something else now
        DROP_GUARD = "drop_guard", "Too many vanished"  # a snapshot would delete more than it may
        GROWTH = "growth", "Grew too large"  # a cluster would grow past its cap

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PAIR)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    # Source records of a pair, low first; no foreign key: the mailbox knows no other app.
    low_record_id = models.BigIntegerField(null=True)
    high_record_id = models.BigIntegerField(null=True)
    # The one of the two that is asked about: the queue shows it with all its candidates. Null: the case stands alone.
    subject_record_id = models.BigIntegerField(null=True)
    # The codes of the two sources, in alphabetical order with a full stop between: a record never changes its source.
    systems = models.CharField(max_length=81, default="", db_default="", blank=True)
    # How many source records a wrong answer would misplace.
    stake = models.IntegerField(default=1, db_default=1)
    score = models.IntegerField(null=True)
    # Doublings of stake x uncertainty x age, in thousandths, as of the beginning of 2020: see services.PRIORITY.
    priority = models.IntegerField(default=0)
    question = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    run_id = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    close_reason = models.CharField(max_length=300, blank=True)
    history = tracked()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["low_record_id", "high_record_id"],
                condition=Q(state="open", low_record_id__isnull=False),
                name="one_open_case_per_pair",
            ),
            models.CheckConstraint(
                condition=Q(low_record_id__isnull=True) | Q(low_record_id__lt=F("high_record_id")),
                name="case_pair_is_ordered_low_high",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(close_reason=""), name="a_closed_case_names_its_reason"
            ),
        ]
        indexes = [
            # list_open_groups: the queue, most pressing first
            models.Index(fields=["-priority", "id"], condition=Q(state="open"), name="case_queue"),
            # list_open_groups: whether a record has a more pressing candidate, and which candidates it has
            models.Index(
                fields=["subject_record_id", "-priority", "id"], condition=Q(state="open"), name="open_case_by_subject"
            ),
            # narrowing.list_open: oldest or newest first, over the whole set, and pages of either
            models.Index(fields=["opened_at", "id"], condition=Q(state="open"), name="open_case_by_age"),
            # narrowing.list_open: likeliest first, and within a band of scores
            models.Index(
                fields=["-score", "id"], condition=Q(state="open", score__isnull=False), name="open_case_by_score"
            ),
            # narrowing.tally_open: the counts beside every filter, without a look at the rows
            models.Index(
                fields=["kind", "systems", "score", "opened_at", "id"],
                condition=Q(state="open"),
                name="open_case_tally",
            ),
            # close_moot_cases: open cases that name a record
            models.Index(fields=["high_record_id"], condition=Q(state="open"), name="open_case_by_high_record"),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"


class Claim(models.Model):
    """Who looks at a case just now. Not governed: it decides nothing, lapses by itself, and may be lost at any time."""

    # No foreign key: a claim outlives its case for minutes, and nobody minds.
    case_id = models.BigIntegerField(primary_key=True)
    person = models.CharField(max_length=200)
    since = models.DateTimeField()
    renewed_at = models.DateTimeField()
    # Who asks for the case, and whether the answer was that it stays where it is.
    asked_by = models.CharField(max_length=200, default="", db_default="", blank=True)
    is_kept = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return f"claim of case {self.pk}"
