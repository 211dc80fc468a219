"""Split a customer: tick records, see what would come of it, say why, and do it."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.base.errors import HubError, Invalid
from apps.golden import selectors as golden
from apps.pipeline.deciding import After
from apps.pipeline.proposals import Act
from apps.stewardship.forms import LEAVING, SplitForm
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES
from apps.stewardship.screens import customer as customers
from apps.stewardship.screens import splitting as screens
from apps.stewardship.screens.approvals import verb_for_split
from apps.stewardship.views.approvals import propose_act, wants_proposal


@require_http_methods(["GET", "HEAD", "POST"])
@page(JUDGES)
def split(request: HttpRequest, gid: str) -> HttpResponse:
    """Show what parting the ticked records would come to; posted, part them and open the customer that stays.

    Where the customer changed since, or other decisions stand against it, nothing is saved, the page comes back as it
    now stands, and what was typed and ticked is kept.
    """
    customer = golden.get_customer(gid)
    if customer.gid != gid:
        return redirect("stewardship:customer-split", customer.gid)
    if request.method != "POST":
        return _render(request, customer, SplitForm(request.GET, chooses=True))
    form = SplitForm(request.POST)
    if not form.is_valid():
        return _render(request, customer, form, trouble=Invalid(form.problem), status=400)
    versions = {customer.gid: form.cleaned_data["version"]}
    try:
        if wants_proposal(request):
            named: dict[str, object] = {
                "gid": customer.gid,
                "groups": [list(form.records)],
                "supersedes": list(form.supersedes),
            }
            named |= {"heir": 0} if form.heir == LEAVING else {}
            return propose_act(request, Act("split", named), versions=versions, reason=form.cleaned_data["reason"])
        outcome = screens.part(
            customer.gid,
            form.records,
            keeps_id=form.heir == LEAVING,
            reason=form.cleaned_data["reason"],
            versions=versions,
            supersedes=form.supersedes,
            actor=actor_of(request),
        )
    except HubError as trouble:
        return _render(request, golden.get_customer(gid), form, trouble=trouble, status=trouble.status)
    told = f"Split into {_name(outcome.customers)}. No rule brings them together again. Undo takes it back."
    messages.success(request, told, extra_tags=str(outcome.decision))
    return redirect("stewardship:customer", customer.gid)


def _name(customers: Sequence[After]) -> str:
    return " and ".join(f"{after.name or 'a customer without a name'} ({after.gid})" for after in customers)


def _render(
    request: HttpRequest,
    customer: golden.Customer,
    form: SplitForm,
    *,
    trouble: HubError | None = None,
    status: int = 200,
) -> HttpResponse:
    head = customers.build_head(customer, with_cases=False)
    chosen: Sequence[str] = form.records
    suggestion = None
    if not chosen and not form.is_chosen and customer.member_count > 1:
        suggestion = screens.suggest_split(customer)
        chosen = suggestion.tokens if suggestion else ()
    # A page that is opened with ticks asks for what would come of them itself, once it stands there.
    # Only what lies below the ticks is taken from the answer to a tick; a whole page says its trouble at the top.
    is_part = request.headers.get("HX-Target") == "after"
    comes_later = request.method != "POST" and not {"chosen", "look"} & request.GET.keys()
    shown = None
    if 0 < len(chosen) < customer.member_count and not comes_later:
        try:
            shown = screens.preview_split(
                customer.gid,
                chosen,
                keeps_id=form.heir == LEAVING,
                supersedes=form.supersedes,
                actor=actor_of(request),
            )
        except HubError as refused:
            trouble = trouble or refused
    context = {
        "head": head,
        "choices": screens.read_choices(head, set(chosen)),
        "suggestion": suggestion,
        "shown": shown,
        "comes_later": comes_later and 0 < len(chosen) < customer.member_count,
        "verb": verb_for_split(customer.gid, actor_of(request)) if shown else None,
        "takes_all": len(chosen) >= customer.member_count > 0,
        "trouble": trouble,
        "was_posted": request.method == "POST",
        "is_part": is_part,
        "reason": form.typed,
        "heir": form.heir,
        # After a tick more may follow, so the cursor stays; who asks to be shown goes on to the reason.
        "is_chosen": form.is_chosen and "look" not in request.GET and not is_part,
        "supersedes": form.supersedes,
    }
    return render_page(request, "stewardship/split.html", context, section="customers", status=status)
