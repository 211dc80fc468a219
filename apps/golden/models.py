"""Golden records, who belongs to them, and every move between them. A move is recorded, never erased."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.base.history import tracked


class GoldenRecord(models.Model):
    """One party we do business with. Its governed id answers for ever."""

    class State(models.TextChoices):
        LIVE = "live"  # has members and one set of values
        MERGED = "merged"  # redirects to its survivor, in one hop
        SPLIT = "split"  # split without an heir; names its successors
        RETIRED = "retired"  # lost its last member
        ERASED = "erased"  # personal data removed on request

    gid = models.CharField(max_length=17)
    state = models.CharField(max_length=8, choices=State, default=State.LIVE)
    survivor = models.ForeignKey("self", models.PROTECT, null=True, related_name="absorbed", db_index=False)
    successors = ArrayField(models.CharField(max_length=17), default=list)
    # Typed columns for what is looked up; `values` holds every attribute with its record, version and rule.
    name = models.CharField(max_length=500, blank=True)
    country = models.CharField(max_length=2, blank=True)
    city = models.CharField(max_length=200, blank=True)
    values = models.JSONField(default=dict)
    # Words, identifiers, phones and source keys by which search finds this customer.
    search_terms = ArrayField(models.CharField(max_length=200), default=list)
    member_count = models.PositiveIntegerField(default=0)
    # Raised with every change; the sequence number of its event is the same.
    version = models.PositiveIntegerField(default=1)
    rules_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    history = tracked("survivor")

    class Meta:
        constraints = [
            # get_customer; a constraint of its own, because `unique` would add a second index for LIKE
            models.UniqueConstraint(fields=["gid"], name="a_governed_id_is_issued_once"),
            models.CheckConstraint(
                condition=Q(state="merged", survivor__isnull=False) | (~Q(state="merged") & Q(survivor__isnull=True)),
                name="only_a_merged_record_has_a_survivor",
            ),
            models.CheckConstraint(
                condition=Q(state="live", member_count__gte=1) | (~Q(state="live") & Q(member_count=0)),
                name="only_a_live_golden_record_has_members",
            ),
        ]
        indexes = [
            # merge_redirects: who redirects here, so that a redirect stays one hop
            models.Index(fields=["survivor"], condition=Q(survivor__isnull=False), name="golden_by_survivor"),
            # search_customers: any word, key, phone, e-mail or number
            GinIndex(fields=["search_terms"], name="golden_by_search_term"),
        ]

    def __str__(self) -> str:
        return self.name or self.gid


class SearchWord(models.Model):
    """A word that some customer is known by, with the keys by which a slip of the hand still finds it.

    A database trigger adds words as customers are written. The table is a bag: writers never wait for each other, so
    a word may stand in it twice, and one that no customer has any more does no harm.
    """

    word = models.CharField(max_length=40, db_collation="C")
    keys = ArrayField(models.IntegerField())

    class Meta:
        indexes = [
            # search_customers: words that begin like the query's last, and the trigger's "known already?"
            models.Index(fields=["word"], name="search_word_by_text"),
            # search_customers: words a slip or two away
            GinIndex(fields=["keys"], name="search_word_by_key"),
        ]

    def __str__(self) -> str:
        return self.word


class Membership(models.Model):
    """Which golden record a live source record belongs to, since when and why."""

    # No constraints: neither source records nor golden records are ever deleted, and `check_invariants` sees a stray.
    record = models.OneToOneField(
        "sources.SourceRecord", models.PROTECT, primary_key=True, related_name="membership", db_constraint=False
    )
    golden = models.ForeignKey(
        GoldenRecord, models.PROTECT, related_name="memberships", db_index=False, db_constraint=False
    )
    since = models.DateTimeField()
    # alone, linked, verdict, hold: what keeps it here.
    reason = models.CharField(max_length=20)
    # The best score that ties it to another member, in 1/1000 bit; null when alone.
    score = models.IntegerField(null=True)
    verdict_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(default=0)
    rules_version = models.PositiveIntegerField()
    history = tracked("golden")

    class Meta:
        # list_members: the members of a customer
        indexes = [models.Index(fields=["golden"], name="membership_by_golden")]

    def __str__(self) -> str:
        return f"{self.record_id} in {self.golden_id}"


class Move(models.Model):
    """A merge, split, transfer, creation or retirement. Append-only."""

    class Kind(models.TextChoices):
        CREATED = "created"
        MERGED = "merged"
        SPLIT = "split"
        TRANSFERRED = "transferred"
        RETIRED = "retired"
        REVIVED = "revived"

    kind = models.CharField(max_length=12, choices=Kind)
    # No constraints: golden records are never deleted, and a load writes a move for each.
    golden = models.ForeignKey(GoldenRecord, models.PROTECT, related_name="moves", db_constraint=False)
    other = models.ForeignKey(
        GoldenRecord, models.PROTECT, related_name="+", null=True, db_index=False, db_constraint=False
    )
    record_ids = ArrayField(models.BigIntegerField(), default=list)
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    verdict_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # list_moves, list_history: what came here from elsewhere
            models.Index(fields=["other"], condition=Q(other__isnull=False), name="move_by_other")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.golden_id}"


class Pin(models.Model):
    """A value a steward fixed, with the condition that releases it.

    It hangs on the source records that the customer had then, and holds wherever most of them are.
    """

    class Release(models.TextChoices):
        NEVER = "never"  # until a person releases it
        SOURCE_CHANGES = "source_changes"  # while the watched record says what it said then
        DATE = "date"  # until a date

    # The customer it was fixed for; where it holds follows from `record_ids`.
    golden = models.ForeignKey(GoldenRecord, models.PROTECT, related_name="pins")
    record_ids = ArrayField(models.BigIntegerField(), default=list)
    attribute = models.CharField(max_length=60)
    value = models.TextField()
    release = models.CharField(max_length=16, choices=Release, default=Release.NEVER)
    release_record_id = models.BigIntegerField(null=True)
    release_value = models.TextField(blank=True)
    release_on = models.DateField(null=True)
    pinned_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    pinned_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    # The decision it was fixed along with, which takes it back when it is undone; null for a pin by itself.
    verdict_id = models.BigIntegerField(null=True)
    history = tracked("golden")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(release="source_changes", release_record_id__isnull=False, release_on__isnull=True)
                | Q(release="date", release_on__isnull=False, release_record_id__isnull=True)
                | Q(release="never", release_on__isnull=True, release_record_id__isnull=True),
                name="a_pin_says_what_releases_it",
            )
        ]
        indexes = [
            # live_pins: pins that hang on any of these records, or watch them
            GinIndex(fields=["record_ids"], condition=Q(released_at__isnull=True), name="pin_by_record"),
            models.Index(
                fields=["release_record_id"],
                condition=Q(released_at__isnull=True, release_record_id__isnull=False),
                name="pin_by_watched_record",
            ),
            # end_pins_of_decision: what was fixed along with a decision
            models.Index(
                fields=["verdict_id"],
                condition=Q(released_at__isnull=True, verdict_id__isnull=False),
                name="pin_by_decision",
            ),
            # list_due_pins: whose date has come
            models.Index(
                fields=["release_on"],
                condition=Q(released_at__isnull=True, release_on__isnull=False),
                name="pin_by_day",
            ),
        ]

    def __str__(self) -> str:
        return f"pin of {self.attribute}"
