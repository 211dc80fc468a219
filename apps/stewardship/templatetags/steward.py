"""How the pages write times, counts and the marks of sources."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.stewardship.screens.words import title_of

register = template.Library()

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (86_400 * 60, 86_400, "d"))
_MONTH = 86_400 * 30
_YEAR = 86_400 * 365


@register.filter
def distance(at: datetime) -> str:
    """Write an instant as its distance from now, in words alone: for places inside a link."""
    return say_distance(int((timezone.now() - at).total_seconds()))


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """Write an instant as its distance from now, with the exact time on focus and on hover."""
    if at is None:
        return "–"
    seconds = int((timezone.now() - at).total_seconds())
    exact = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return format_html(
        '<time datetime="{}" title="{}" tabindex="0">{}</time>', at.isoformat(), exact, say_distance(seconds)
    )


def say_distance(seconds: int) -> str:
    """Return "5 min ago" for 300; what lies ahead is "in 5 min"."""
    size = abs(seconds)
    if size < 5:
        return "just now"
    for limit, unit, word in _STEPS:
        if size < limit:
            text = f"{size // unit} {word}"
            break
    else:
        text = f"{size // _MONTH} months" if size < 2 * _YEAR else f"{size // _YEAR} years"
    return f"{text} ago" if seconds >= 0 else f"in {text}"


@register.filter
def grouped(number: int) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\u202f")


@register.filter
def percent(share: float) -> str:
    """Write a share as a percentage."""
    return f"{share:.2%}"


@register.filter
def person(actor: str) -> str:
    """Write an actor as people read it: "person:anna" is anna, "hub:load" the hub (load)."""
    kind, _, name = actor.partition(":")
    return {"person": name, "hub": f"the hub ({name})", "system": f"{name} (system)"}.get(kind, actor)


@register.inclusion_tag("stewardship/badge.html")
def badge(source: object, key: str = "") -> dict[str, object]:
    """Draw a source's badge; the full name and record key are its tooltip and accessible name."""
    return {"source": source, "key": key}


@register.filter
def attribute(name: str) -> str:
    """Write what the pages call an attribute."""
    return title_of(name)


@register.simple_tag
def plus(number: float, more: float) -> float:
    """Add, for geometry."""
    return number + more


@register.simple_tag
def minus(number: float, less: float) -> float:
    """Subtract, for geometry; never below 0."""
    return round(max(number - less, 0), 1)


@register.filter
def verdict_words(verdict: str) -> str:
    """Write a verdict as its button does."""
    return {"same": "Same customer", "different": "Different", "related": "Related"}.get(verdict, "Not sure")
