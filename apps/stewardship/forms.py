"""What people type and press."""

from django import forms

from apps.stewardship.preferences import RESERVED, VERDICTS, Keys


class SearchForm(forms.Form):
    """Words to find customers by, and where the page before ended."""

    q = forms.CharField(required=False, max_length=200, strip=True)
    after = forms.CharField(required=False, max_length=700)


class JudgeForm(forms.Form):
    """A verdict on a case, with both customers as they stood on the screen."""

    VERDICTS = (("same", "Same customer"), ("different", "Different"), ("related", "Related"), ("not_sure", "Not sure"))

    verdict = forms.ChoiceField(choices=VERDICTS)
    reason = forms.CharField(required=False, max_length=500, strip=True)
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


class PublishForm(forms.Form):
    """Why a rule set version is approved or published."""

    reason = forms.CharField(max_length=500, strip=True)


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
    """The decision to take back."""

    verdict_id = forms.IntegerField(min_value=1)
