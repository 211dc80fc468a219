from tests.api.conftest import Acme, ApiClient
from tests.factories import make_customer, make_merge, make_record, make_standard, make_verdict

QUOKKA = {"name": "Quokka Xylophones", "country": "AU"}


def test_a_customer_answers_with_the_steps_that_formed_it(api: ApiClient, acme: Acme) -> None:
    body = api.get(f"/api/v1/customers/{acme.gid}/why").json()
    (step,) = body["steps"]
    assert (step["group"], step["joined"]) == (
        [{"source": "crm", "key": "CRM-1"}],
        [{"source": "erp", "key": "ERP-1"}],
    )
    assert step["group_bits"] == step["best"]["score_bits"] >= body["link_bits"]
    assert step["decision"] is None
    assert body["groups"] == [[{"source": "crm", "key": "CRM-1"}, {"source": "erp", "key": "ERP-1"}]]
    assert (body["gid"], body["conflicts"], body["note"]) == (acme.gid, [], "")


def test_two_customers_answer_with_every_reason_and_a_sum(api: ApiClient, acme: Acme) -> None:
    record = make_record(QUOKKA, source="crm", key="Q-1")
    make_standard(record)
    other = make_customer(record)
    verdict = make_verdict(acme.crm, record, "different")
    body = api.get(f"/api/v1/customers/{acme.gid}/why-not", other=other.gid).json()
    assert [reason["kind"] for reason in body["reasons"]] == ["decision", "never compared", "score"]
    assert body["reasons"][0]["sentence"].startswith(f"Blocked by decision {verdict.pk}: ")
    best = body["best"]
    assert best["right"] == {"source": "crm", "key": "Q-1"}
    total = best["prior_bits"] + sum(step["bits"] for step in best["steps"])
    assert abs(total - best["score_bits"]) < 1e-9
    assert body["shared_keys"] == []


def test_what_cannot_be_told_apart_is_refused(api: ApiClient, acme: Acme) -> None:
    path = f"/api/v1/customers/{acme.gid}/why-not"
    itself = api.get(path, other=acme.gid)
    assert (itself.status_code, itself.json()["code"]) == (400, "explain.same_customer")
    merged = make_merge(make_customer(name="Old Name"), acme.golden)
    assert api.get(path, other=merged.gid).json()["code"] == "explain.same_customer"
    assert api.get(path).json()["code"] == "request.parameter_invalid"
    bare = make_customer(make_record(QUOKKA))
    assert api.get(path, other=bare.gid).status_code == 404
