"""Saved views of the queue: kept by a person, shared by a senior steward."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from apps.base.actors import Actor, acting
from apps.base.errors import Forbidden, Invalid, NotFound
from apps.stewardship.models import SavedView

MOST_VIEWS: Final = 30


@dataclass(frozen=True, slots=True)
class View:
    """A view as a person sees it: own ones and those that others share."""

    view_id: int
    name: str
    words: str
    is_shared: bool
    is_own: bool


def list_views(person: str) -> list[View]:
    """Return a person's views and those that are shared, by name. One query."""
    rows = SavedView.objects.filter(Q(owner=person) | Q(is_shared=True)).order_by("name", "pk")[: 2 * MOST_VIEWS]
    return [View(row.pk, row.name, row.words, row.is_shared, row.owner == person) for row in rows]


def save_view(*, name: str, words: str, is_shared: bool, may_share: bool, actor: Actor) -> None:
    """Keep a view; the same filter saved again takes the new name.

    Raises Invalid for one without a name or beyond 30 of a person, Forbidden for sharing by who may not.
    """
    if is_shared and not may_share:
        raise Forbidden("Only a senior steward shares a view with everybody.")
    if not name or len(name) > 60 or len(words) > 300:
        raise Invalid("A view needs a name of at most 60 characters.")
    with acting(actor, reason=f"saved the view {name}"):
        own = SavedView.objects.filter(owner=str(actor))
        if not own.filter(words=words).exists() and own.count() >= MOST_VIEWS:
            raise Invalid(f"A person keeps at most {MOST_VIEWS} views; delete one first.")
        own.update_or_create(owner=str(actor), words=words, defaults={"name": name, "is_shared": is_shared})


def delete_view(*, view_id: int, actor: Actor) -> str:
    """Delete one of a person's own views and return its name; raises NotFound for any other."""
    row = SavedView.objects.filter(pk=view_id, owner=str(actor)).first()
    if row is None:
        raise NotFound("You have no such view.", view=view_id)
    with acting(actor, reason=f"deleted the view {row.name}"):
        row.delete()
    return row.name
