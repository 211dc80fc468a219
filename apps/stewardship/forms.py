"""What people type and press."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from apps.pipeline.fixing import SourceKey, Wish
from apps.stewardship.preferences import RESERVED, VERDICTS, Keys
from apps.stewardship.screens.field import NONE, OWN, Typed
from apps.stewardship.screens.result import LEFT, RIGHT, WHILE_SAID, Taken
from apps.stewardship.screens.result import Typed as TypedValues

MOST_NAME = 60


class SearchForm(forms.Form):
    """Words to find customers by, and where the page before ended."""

    q = forms.CharField(required=False, max_length=200, strip=True)
    after = forms.CharField(required=False, max_length=700)


class JudgeForm(forms.Form):
    """A verdict on a case, with both customers as they stood on the screen."""

    VERDICTS = (("same", "Same customer"), ("different", "Different"), ("related", "Related"), ("not_sure", "Not sure"))

    verdict = forms.ChoiceField(choices=VERDICTS)
    reason = forms.CharField(required=False, max_length=500, strip=True)
    until = forms.CharField(max_length=10, required=False)
    low_gid = forms.CharField(max_length=17, required=False)
    low_version = forms.IntegerField(min_value=0, required=False)
    high_gid = forms.CharField(max_length=17, required=False)
    high_version = forms.IntegerField(min_value=0, required=False)

    @property
    def seen(self) -> dict[str, object]:
        """What was on the screen; empty where the form didn't say."""
        names = ("low_gid", "low_version", "high_gid", "high_version")
        values = {name: self.cleaned_data.get(name) for name in names}
        return values if all(value not in (None, "") for value in values.values()) else {}

    @property
    def versions(self) -> dict[str, int]:
        """The version of each customer on the screen, by governed id; empty where the form didn't say."""
        said = self.seen
        return {str(said[f"{side}_gid"]): int(str(said[f"{side}_version"])) for side in ("low", "high")} if said else {}

    @property
    def typed(self) -> TypedValues:
        """What was chosen and typed, also of a form that can't be used: it is shown again.

        `take.phone` is "left|text" or "right|text" with the text on the screen, or "own" for what `own.phone` says.
        """
        taken = {}
        for name, value in self.data.items():
            attribute = name.removeprefix("take.")
            side, _, text = str(value).partition("|")
            if attribute == name or side not in (LEFT, RIGHT, OWN) or len(attribute) > MOST_NAME:
                continue
            own = str(self.data.get(f"own.{attribute}", "")).strip()
            taken[attribute] = Taken(side, own if side == OWN else text)
        until = WHILE_SAID if self.data.get("until") == WHILE_SAID else ""
        return TypedValues(taken, until, str(self.data.get("reason", "")).strip()[:500])


class ApplyForm(forms.Form):
    """The customer, as it stood on the screen, to which kept values are applied."""

    gid = forms.CharField(max_length=17)
    version = forms.IntegerField(min_value=0)


class PublishForm(forms.Form):
    """Why a rule set version is approved or published."""

    reason = forms.CharField(max_length=500, strip=True)


class ApproveForm(forms.Form):
    """The proposal as it stood on the screen, and why it is approved or refused."""

    revision = forms.IntegerField(min_value=0, required=False)
    reason = forms.CharField(max_length=500, strip=True, required=False)


class KeysForm(forms.Form):
    """A person's keys: one for each verdict, none of them twice or taken by something else."""

    on = forms.BooleanField(required=False, label="Single keys act")
    same = forms.CharField(max_length=1, label="Same customer")
    different = forms.CharField(max_length=1, label="Different")
    related = forms.CharField(max_length=1, label="Related")
    not_sure = forms.CharField(max_length=1, label="Not sure")

    def clean(self) -> dict[str, object]:
        """Refuse a key that does something else already, or that two verdicts would share."""
        seen: dict[str, str] = {}
        for verdict in VERDICTS:
            key = self.cleaned_data[verdict] = str(self.cleaned_data.get(verdict, "")).lower()
            if key in RESERVED:
                self.add_error(verdict, f"“{key}” does something else already. Choose another key.")
            elif key and key in seen:
                self.add_error(verdict, f"“{key}” is the key of {self.fields[seen[key]].label} already.")
            seen.setdefault(key, verdict)
        return self.cleaned_data

    @property
    def keys(self) -> Keys:
        """The keys as typed, of a form that is valid."""
        return Keys(**self.cleaned_data)


class UndoForm(forms.Form):
    """The decision to take back, and the page it was on: the person's decisions, or a customer's history."""

    verdict_id = forms.IntegerField(min_value=1)
    stay = forms.BooleanField(required=False)
    customer = forms.CharField(max_length=40, required=False)


class ViewForm(forms.Form):
    """A view of the queue to save under a name, or the number of the one to delete; both lead back to a filter."""

    words = forms.CharField(max_length=300, required=False)
    name = forms.CharField(max_length=60, required=False)
    shared = forms.BooleanField(required=False)
    delete = forms.IntegerField(min_value=1, required=False)


class FixForm(forms.Form):
    """The value to fix, until when it holds, why, and the customer's version on the screen.

    `choice` is a record as "source:key", "own" for what was typed, or "none". Text typed without a choice is the
    choice; a date or a record to watch only counts where its condition is chosen.
    """

    UNTIL = (("released", "until I release it"), ("source", "until this record says something else"), ("date", "a day"))

    version = forms.IntegerField(min_value=0)
    choice = forms.CharField(max_length=260, required=False)
    own = forms.CharField(max_length=2_000, strip=True, required=False)
    until = forms.ChoiceField(choices=UNTIL, error_messages={"required": "Choose how long it is protected."})
    watch = forms.CharField(max_length=260, required=False)
    on = forms.DateField(required=False, error_messages={"invalid": "Write the day as 2027-01-31."})
    reason = forms.CharField(
        max_length=500, strip=True, error_messages={"required": "Say why: it is kept in the history."}
    )

    def clean(self) -> dict[str, object]:
        """Tell what is chosen; refuse a form without a value, or with a condition that lacks its day."""
        choice, own = self.cleaned_data.get("choice", ""), self.cleaned_data.get("own", "")
        self.cleaned_data["choice"] = choice = choice or (OWN if own else "")
        if not choice:
            self.add_error("choice", "Choose a value or type one.")
        elif choice == OWN and not own:
            self.add_error("own", "Type the value.")
        elif choice not in (OWN, NONE) and ":" not in choice:
            self.add_error("choice", "That is no record of this customer.")
        if self.cleaned_data.get("until") == "date" and "on" not in self.errors and not self.cleaned_data.get("on"):
            self.add_error("on", "Give the day on which it is released.")
        if self.cleaned_data.get("until") == "source" and not self._watched():
            self.add_error("watch", "Choose the record to follow.")
        return self.cleaned_data

    def wish(self, attribute: str) -> Wish:
        """Return what to fix, of a form that is valid."""
        choice, until = self.cleaned_data["choice"], self.cleaned_data["until"]
        taken = _record(choice) if choice not in (OWN, NONE) else None
        on: date | None = self.cleaned_data["on"] if until == "date" else None
        return Wish(
            attribute=attribute,
            value=None if taken else self.cleaned_data["own"] if choice == OWN else "",
            taken_from=taken,
            watching=_record(self._watched()) if until == "source" else None,
            until=on,
        )

    @property
    def typed(self) -> Typed:
        """What was chosen and typed, to be shown again with what is wrong about it."""
        said = {name: str(self.data.get(name, "")) for name in ("choice", "own", "until", "watch", "on", "reason")}
        said["choice"] = said["choice"] or (OWN if said["own"].strip() else "")
        return Typed(**said, errors={name: [str(line) for line in lines] for name, lines in self.errors.items()})

    def _watched(self) -> str:
        """Return the record to follow: the one chosen from the list, else the one whose value is used."""
        choice = self.cleaned_data.get("choice", "")
        return self.cleaned_data.get("watch", "") or (choice if choice not in (OWN, NONE) else "")


class MergeForm(forms.Form):
    """Two customers with their versions on the screen, which of their ids lives on, and why they are one."""

    a = forms.CharField(max_length=40)
    b = forms.CharField(max_length=40)
    a_version = forms.IntegerField(min_value=0)
    b_version = forms.IntegerField(min_value=0)
    survivor = forms.CharField(max_length=40, required=False)
    reason = forms.CharField(max_length=500, strip=True)


def decisions_in(data: QueryDict) -> list[int]:
    """Return the decisions that are ticked to give way to another."""
    texts = data.getlist("supersedes")
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


class ReleaseForm(forms.Form):
    """Why a value is released, and the customer's version on the screen; `back` is the page to go back to."""

    version = forms.IntegerField(min_value=0)
    reason = forms.CharField(max_length=500, strip=True)
    back = forms.ChoiceField(choices=(("", "summary"), ("history", "history")), required=False)


def _record(name: str) -> SourceKey:
    code, _, key = name.partition(":")
    return SourceKey(code, key)


STAYING, LEAVING = "staying", "leaving"


class SplitForm(forms.Form):
    """Which source records leave a customer, who keeps its id, why, and the customer's version on the screen.

    `chooses` reads the form that only shows what would happen: nothing but the ticks and the heir count there.
    """

    version = forms.IntegerField(min_value=0)
    reason = forms.CharField(max_length=500, strip=True)

    def __init__(self, data: QueryDict, *, chooses: bool = False) -> None:
        super().__init__(data)
        # Each record once, in the order of the page.
        self.records: list[str] = list(dict.fromkeys(data.getlist("records")))
        self.supersedes = decisions_in(data)
        self.is_chosen = bool(self.records) or "chosen" in data
        # The id stays with the records that stay, unless those that leave are to take it along.
        self.heir = LEAVING if data.get("heir") == LEAVING else STAYING
        self.typed = data.get("reason", "")[:500]
        if chooses:
            self.fields.clear()

    def clean(self) -> dict[str, Any]:
        """Refuse a split without a record."""
        if not self.records:
            self.add_error(None, "Tick the records that leave.")
        return self.cleaned_data

    @property
    def problem(self) -> str:
        """What is wrong with the form, in one sentence; of one that is valid, nothing."""
        if not self.records:
            return "Tick the records that leave."
        return "Say why, in 1 to 500 characters." if "reason" in self.errors else "The form is incomplete; try again."
