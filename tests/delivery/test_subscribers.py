import pytest

from apps.delivery.models import Subscriber
from apps.delivery.services import activate_subscriber, deactivate_subscriber, register_subscriber
from apps.delivery.services.subscribers import SubscriberRefusedError
from tests.delivery.stands import HUB

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("transport", "target"),
    [
        ("webhook", "ftp://example.org/x"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "http://user:pass@example.org/"),
        ("webhook", "http://example.org/#x"),
        ("webhook", "http:///x"),
        ("webhook", "http://example.org:99999/"),
        ("webhook", "http://exa mple.org/"),
        ("webhook", "http://example.org/\r\nX-Header: y"),
        ("webhook", "//example.org"),
        ("file", "../outside.jsonl"),
        ("file", "/etc/passwd"),
        ("file", ".hidden"),
        ("file", "a\x00b"),
        ("file", ""),
        ("pigeon", "coop"),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(transport: str, target: str) -> None:
    with pytest.raises(SubscriberRefusedError):
        register_subscriber(code="x", transport=transport, target=target, actor=HUB)
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_c2hvcnQ=", "not base64 at all, and rather long", "whsec_" + "A" * 100]
)
def test_a_weak_or_broken_secret_is_refused(secret: str) -> None:
    with pytest.raises(SubscriberRefusedError, match="24 to 64 bytes"):
        register_subscriber(code="x", transport="webhook", target="http://127.0.0.1/", secret=secret, actor=HUB)


def test_unknown_event_types_are_refused_by_name() -> None:
    with pytest.raises(SubscriberRefusedError, match=r"customer\.eaten"):
        register_subscriber(code="x", transport="file", target="f", types=["customer.eaten"], actor=HUB)


def test_registering_again_changes_the_subscriber_and_keeps_its_secret() -> None:
    first = register_subscriber(code="x", transport="webhook", target="http://127.0.0.1/a", actor=HUB)
    second = register_subscriber(code="x", transport="webhook", target="http://127.0.0.1/b", actor=HUB)
    assert (second.pk, second.secret, second.target) == (first.pk, first.secret, "http://127.0.0.1/b")
    assert first.secret.startswith("whsec_")


def test_history_names_who_changed_a_subscriber_and_why() -> None:
    register_subscriber(code="x", transport="file", target="f", actor=HUB)
    deactivate_subscriber(code="x", reason="it answered 410 Gone", actor=HUB)
    assert activate_subscriber(code="x", actor=HUB).is_active
    rows = Subscriber.history.order_by("history_id").values_list(
        "history_type", "history_actor", "history_change_reason"
    )
    assert list(rows) == [
        ("+", "hub:test", "register a subscriber"),
        ("~", "hub:test", "it answered 410 Gone"),
        ("~", "hub:test", "activate a subscriber"),
    ]
