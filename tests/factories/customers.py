"""Golden records with their members, legal entities and company extensions."""

from itertools import count

from apps.base.actors import acting
from apps.base.ids import LEGAL_ENTITY, mint
from apps.engine.standardise.folding import fold
from apps.golden.models import GoldenRecord, Membership, Move
from apps.legal.models import CompanyCode, CompanyExtension, Identifier, LegalEntity
from apps.sources.models import RecordVersion, SourceRecord
from tests.factories.acting import FACTORY, REASON
from tests.factories.sources import RECEIVED, make_record

_numbers = count(1)


def make_customer(
    *records: SourceRecord, name: str | None = None, gid: str | None = None, score: int | None = 12_500
) -> GoldenRecord:
    """Return a live customer of the given source records (one is made where none is), valued by the first of them."""
    members = list(records) or [make_record({"name": name} if name else None)]
    version = RecordVersion.objects.get(record=members[0], number=members[0].applied_number or 1)
    values = {
        attribute: {"value": value, "record": members[0].pk, "version": version.number, "rule": "most_trusted"}
        for attribute, value in version.given.items()
    }
    with acting(FACTORY, reason=REASON, run_id=1):
        golden = GoldenRecord.objects.create(
            gid=gid or mint()[0],
            name=name or version.given.get("name", ""),
            country="DE" if (country := version.given.get("country", "")) == "Germany" else country[:2].upper(),
            city=version.given.get("city", ""),
            values=values,
            search_terms=_search_terms(members, version.given),
            member_count=len(members),
            rules_version=1,
            created_at=RECEIVED,
            changed_at=RECEIVED,
        )
        Membership.objects.bulk_create(
            Membership(
                record=record,
                golden=golden,
                since=RECEIVED,
                reason="alone" if len(members) == 1 else "linked",
                score=None if len(members) == 1 else score,
                run_id=1,
                rules_version=1,
            )
            for record in members
        )
        _record_move(Move.Kind.CREATED, golden, None, [record.pk for record in members])
    return golden


def make_merge(absorbed: GoldenRecord, survivor: GoldenRecord) -> GoldenRecord:
    """Merge one customer into another and return the absorbed one, now a redirect."""
    with acting(FACTORY, reason="merged for a test", run_id=2):
        record_ids = list(Membership.objects.filter(golden=absorbed).values_list("record_id", flat=True))
        Membership.objects.filter(golden=absorbed).update(golden=survivor, reason="verdict")
        GoldenRecord.objects.filter(pk=survivor.pk).update(
            member_count=survivor.member_count + len(record_ids), version=survivor.version + 1
        )
        absorbed.state = GoldenRecord.State.MERGED
        absorbed.survivor = survivor
        absorbed.member_count = 0
        absorbed.values = {}
        absorbed.search_terms = []
        absorbed.version += 1
        absorbed.save()
        _record_move(Move.Kind.MERGED, absorbed, survivor, record_ids)
    survivor.refresh_from_db()
    return absorbed


def make_legal_entity(golden: GoldenRecord, *, form: str = "GMBH", jurisdiction: str = "DE") -> LegalEntity:
    """Return the legal entity of a customer."""
    with acting(FACTORY, reason=REASON):
        return LegalEntity.objects.create(
            lid=mint(LEGAL_ENTITY)[0],
            golden=golden,
            registered_name=golden.name,
            legal_form=form,
            jurisdiction=jurisdiction,
        )


def make_identifier(
    entity: LegalEntity, scheme: str, value: str, *, issuer: str = "", check: str = Identifier.Check.VERIFIED
) -> Identifier:
    """Return an identifier of a legal entity, given by its customer's first member."""
    member = entity.golden.memberships.order_by("record_id").first()
    with acting(FACTORY, reason=REASON):
        return Identifier.objects.create(
            entity=entity,
            scheme=scheme,
            issuer=issuer,
            value=value,
            check_result=check,
            record_id=member.record_id if member else 0,
        )


def make_company_code(code: str = "DE01", *, country: str = "DE", currency: str = "EUR") -> CompanyCode:
    """Return one of our own companies, made where it doesn't exist."""
    existing = CompanyCode.objects.filter(code=code).first()
    if existing is not None:
        return existing
    with acting(FACTORY, reason=REASON):
        return CompanyCode.objects.create(code=code, name=f"Our {code}", country=country, currency=currency)


def make_extension(record: SourceRecord, code: str = "DE01", **terms: object) -> CompanyExtension:
    """Return the terms on which one of our companies deals with a source record's customer."""
    values = {
        "currency": "EUR",
        "payment_terms": "NET30",
        "tax_profile": "STANDARD",
        "reconciliation_account": "140000",
    }
    with acting(FACTORY, reason=REASON):
        return CompanyExtension.objects.create(record=record, company_code=make_company_code(code), **(values | terms))


def _search_terms(members: list[SourceRecord], given: dict[str, str]) -> list[str]:
    terms = {word for attribute in ("name", "street", "city") for word in fold(given.get(attribute, "")).split()}
    terms |= {record.key.lower() for record in members}
    terms |= {given[attribute] for attribute in ("email", "phone", "website") if attribute in given}
    terms |= {fold(given[attribute]).replace(" ", "") for attribute in ("vat", "lei", "tax_id") if attribute in given}
    return sorted(terms)


def _record_move(kind: str, golden: GoldenRecord, other: GoldenRecord | None, record_ids: list[int]) -> None:
    Move.objects.create(
        kind=kind,
        golden=golden,
        other=other,
        record_ids=record_ids,
        actor=str(FACTORY),
        reason=REASON,
        run_id=1,
        at=RECEIVED,
    )
