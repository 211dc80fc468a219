"""The registered body behind a customer, its identifiers, and how our own companies deal with it."""

from django.db import models

from apps.base.history import tracked


class LegalEntity(models.Model):
    """The registered body behind one live golden record."""

    lid = models.CharField(max_length=17)
    golden = models.OneToOneField("golden.GoldenRecord", models.PROTECT, related_name="legal_entity")
    registered_name = models.CharField(max_length=500, blank=True)
    legal_form = models.CharField(max_length=60, blank=True)
    jurisdiction = models.CharField(max_length=10, blank=True)
    is_live = models.BooleanField(default=True)
    run_id = models.BigIntegerField(default=0)
    history = tracked("golden")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lid"], name="a_legal_entity_id_is_issued_once")]

    def __str__(self) -> str:
        return self.registered_name


class Identifier(models.Model):
    """One number of a legal entity: LEI, VAT and other tax numbers, register number, DUNS."""

    class Check(models.TextChoices):
        VERIFIED = "verified"  # its checksum holds and its issuer's rule is known
        PLAUSIBLE = "plausible"  # the right shape; no checksum exists
        WRONG = "wrong"  # fails its checksum or its country's rule; no power in matching

    # No constraint: an identifier is only ever inserted by a join with its entity, and entities are never deleted.
    entity = models.ForeignKey(
        LegalEntity, models.CASCADE, related_name="identifiers", db_index=False, db_constraint=False
    )
    scheme = models.CharField(max_length=20)
    issuer = models.CharField(max_length=20, blank=True)
    value = models.CharField(max_length=100)
    check_result = models.CharField(max_length=10, choices=Check)
    record_id = models.BigIntegerField()
    history = tracked("entity")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "scheme", "issuer", "value"], name="an_entity_names_an_identifier_once"
            )
        ]
        indexes = [
            # get_customer_by_identifier
            models.Index(fields=["scheme", "value"], name="identifier_by_value")
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}"


class CompanyCode(models.Model):
    """One of our own legal entities."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    history = tracked()

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CompanyExtension(models.Model):
    """Customer × company code as an ERP keeps it.

    Held by the ERP's source record, so that it follows that record through every merge and split without a write.
    """

    record = models.ForeignKey("sources.SourceRecord", models.CASCADE, related_name="+", db_index=False)
    company_code = models.ForeignKey(CompanyCode, models.PROTECT, related_name="extensions")
    currency = models.CharField(max_length=3, blank=True)
    payment_terms = models.CharField(max_length=60, blank=True)
    tax_profile = models.CharField(max_length=60, blank=True)
    reconciliation_account = models.CharField(max_length=40, blank=True)
    is_blocked = models.BooleanField(default=False)
    history = tracked("record", "company_code")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "company_code"], name="one_extension_per_record_and_company_code")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} at {self.company_code_id}"
