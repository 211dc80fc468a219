"""Governed models found by looking, and valid rows of any of them made from their fields alone."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

_numbers = count(1)
# What a field's type doesn't say: constraints that tie columns together.
GIVEN: dict[str, dict[str, Any]] = {"golden.GoldenRecord": {"member_count": 1}}


def governed_models() -> list[type[models.Model]]:
    """Return every model that keeps a history, in a steady order."""
    found = [m for m in apps.get_models() if hasattr(m._meta, "simple_history_manager_attribute")]
    return sorted(found, key=lambda m: m._meta.label)


def history_of(model: type[models.Model]) -> type[models.Model]:
    """Return the history model of a governed model."""
    history: type[models.Model] = getattr(model, model._meta.simple_history_manager_attribute).model  # type: ignore[attr-defined]
    return history


def make_unsaved(model: type[models.Model]) -> models.Model:
    """Return a row of the model that its constraints admit, unlike any other; what it points to is saved."""
    given = GIVEN.get(model._meta.label, {})
    values = {}
    for field in model._meta.concrete_fields:
        if field.name in given:
            values[field.name] = given[field.name]
        elif field.is_relation and not field.null:
            assert isinstance(field.related_model, type)
            made = make_unsaved(field.related_model)
            made.save()
            values[field.name] = made
        elif not (field.null or field.has_default() or isinstance(field, models.AutoField)):
            values[field.name] = _value(field)
    return model(**values)


def changeable_field(model: type[models.Model]) -> "models.Field[Any, Any]":
    """Return a field that may change on its own: plain text best, else a choice or a flag."""
    bound = {name for c in model._meta.constraints for name in getattr(c, "fields", ())}
    bound |= {f.name for f in model._meta.concrete_fields if f.unique or f.primary_key or f.is_relation}
    free = [f for f in model._meta.concrete_fields if f.name not in bound and f.editable]
    texts = [f for f in free if isinstance(f, models.CharField | models.TextField) and not f.choices]
    flags = [f for f in free if isinstance(f, models.BooleanField)]
    choices = [f for f in free if f.choices]
    return [*texts, *flags, *choices][0]


def change(row: models.Model) -> None:
    """Give the row's changeable field another value."""
    field = changeable_field(type(row))
    now = getattr(row, field.name)
    if isinstance(field, models.BooleanField):
        setattr(row, field.name, not now)
    elif field.choices:
        setattr(row, field.name, next(value for value, _ in field.flatchoices if value != now))
    else:
        setattr(row, field.name, _text(field))


def _value(field: "models.Field[Any, Any]") -> object:
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, models.CharField | models.TextField):
        return _text(field)
    for kind, make in _MAKERS.items():
        if isinstance(field, kind):
            return make()
    raise TypeError(f"{field} is of a type that no row was made of yet; say here what it may hold")


# A point in time is a date too, so it comes first.
_MAKERS: "dict[type[models.Field[Any, Any]], Callable[[], object]]" = {
    models.DateTimeField: lambda: timezone.now() - timedelta(days=1),
    models.DateField: lambda: date(2026, 1, 5),
    models.UUIDField: uuid.uuid4,
    models.IntegerField: lambda: next(_numbers),
    models.BooleanField: lambda: False,
    models.JSONField: dict,
}


def _text(field: "models.Field[Any, Any]") -> str:
    # The end varies: short columns keep the last characters.
    return f"x{next(_numbers):06d}"[-(field.max_length or 100) :]
