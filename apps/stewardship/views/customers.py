"""Find customers and look at one, tab by tab."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.base.errors import HubError
from apps.base.ids import GovernedIdError
from apps.golden import selectors as golden
from apps.stewardship.forms import SearchForm
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES, Role, roles_of
from apps.stewardship.screens import customer as screens
from apps.stewardship.screens.decisions import list_undoable
from apps.stewardship.screens.finding import add_details, find_customers
from apps.stewardship.screens.history import Filter, build_history, compare_moments
from apps.stewardship.screens.past import Past, build_past
from apps.stewardship.screens.why import build_why, build_why_not

MOST_SUGGESTED = 6
MOST_ASKED = 200
MOST_PICKS = 12
SHORTEST_SUGGESTED = 2
TABS = (
    ("customer", "Summary", ""),
    ("customer-sources", "Sources", ""),
    ("customer-why", "Why", "w"),
    ("customer-companies", "Company codes", ""),
    ("customer-history", "History", "h"),
)
"""The pages of a customer: address, title, and the key that opens it besides [ and ]."""
Builder = Callable[[HttpRequest, screens.Head], dict[str, Any]]


@require_safe
@page()
def search(request: HttpRequest) -> HttpResponse:
    """Show the customers a query finds and why; an id or number that names one customer opens it."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        context: dict[str, Any] = {
            "query": request.GET.get("q", "")[:200],
            "problem": "A query has at most 200 characters.",
        }
        return render_page(request, "stewardship/search.html", context, section="customers", status=400)
    findings = find_customers(form.cleaned_data["q"], after=form.cleaned_data["after"])
    if findings.only_gid:
        return redirect("stewardship:customer", findings.only_gid)
    if findings.case and not findings.found:
        return redirect("stewardship:case", findings.case.case_id)
    context = {"query": findings.query, "findings": add_details(findings), "customers": golden.count_customers()}
    return render_page(request, "stewardship/search.html", context, section="customers")


@require_safe
@page()
def suggest(request: HttpRequest) -> HttpResponse:
    """Return what a few letters find: customers as rows of the palette; ?grouped=1 with records and cases, by group."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    findings = find_customers(words, limit=MOST_SUGGESTED) if len(words) >= SHORTEST_SUGGESTED else None
    template = "stewardship/suggestion_groups.html" if request.GET.get("grouped") else "stewardship/suggestions.html"
    response = render(request, template, {"findings": findings, "found": findings.found if findings else ()})
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@page()
def show_summary(request: HttpRequest, gid: str) -> HttpResponse:
    """Show a customer's values, each with source, rule and time; with ?at= as they were then, to read only."""
    return _show_tab(request, gid, "customer", _summary)


@require_safe
@page()
def show_sources(request: HttpRequest, gid: str) -> HttpResponse:
    """Show a customer's source records side by side; with ?at= as they were then, to read only."""
    return _show_tab(request, gid, "customer-sources", _sources)


@require_safe
@page()
def show_why(request: HttpRequest, gid: str) -> HttpResponse:
    """Show why a customer's records are one; with ?not=, an id or words, why those of another are not."""
    return _show_tab(request, gid, "customer-why", _why)


@require_safe
@page()
def show_companies(request: HttpRequest, gid: str) -> HttpResponse:
    """Show the legal entity, its identifiers and the company extensions."""
    return _show_tab(request, gid, "customer-companies", lambda _, head: {"legal": screens.build_company_page(head)})


@require_safe
@page()
def show_history(request: HttpRequest, gid: str) -> HttpResponse:
    """Show who changed what, when and why; narrowed by ?field= and ?actor=, compared between ?from= and ?to=."""
    ticked = [at for at in map(_moment, request.GET.getlist("tick")) if at]
    if len(ticked) > 1:
        query = urlencode({"from": min(ticked).isoformat(), "to": max(ticked).isoformat()})
        return redirect(f"{reverse('stewardship:customer-history', args=[gid])}?{query}")
    return _show_tab(request, gid, "customer-history", _history)


def _history(request: HttpRequest, head: screens.Head) -> dict[str, Any]:
    first, last = (_moment(request.GET.get(name, "")) for name in ("from", "to"))
    if first and last:
        return {"compared": compare_moments(head.customer.gid, first, last)}
    roles = roles_of(request.user)
    undoes_any = Role.SENIOR_STEWARD in roles
    page = build_history(
        head.customer,
        Filter(request.GET.get("field", "")[:MOST_ASKED], request.GET.get("actor", "")[:MOST_ASKED]),
        undoable=list_undoable(actor_of(request)) if roles & JUDGES and not undoes_any else (),
        undoes_any=undoes_any,
    )
    return {"history": page, "ticked_alone": "tick" in request.GET}


def _moment(text: str) -> datetime | None:
    """Return the instant an address names, None where it names none; a plus sign may have come as a blank."""
    try:
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _past(request: HttpRequest, head: screens.Head) -> Past | None:
    """Return the customer as of the moment that the address names, None where it names none."""
    at = _moment(request.GET.get("at", ""))
    return build_past(head, at) if at else None


def _sources(request: HttpRequest, head: screens.Head) -> dict[str, Any]:
    if past := _past(request, head):
        return {"as_of": past, "head": past.head, "grid": past.build_grid()}
    return {"grid": screens.build_grid(head)}


def _summary(request: HttpRequest, head: screens.Head) -> dict[str, Any]:
    if past := _past(request, head):
        return {"as_of": past, "head": past.head, "groups": past.build_groups()}
    rows = screens.list_write_backs(head)
    return {
        "groups": screens.build_summary(head),
        "write_backs": rows if len(rows) <= screens.MOST_WRITE_BACKS else (),
        "systems": screens.count_write_backs(rows) if len(rows) > screens.MOST_WRITE_BACKS else (),
        "latest": screens.list_latest(head.customer.gid),
    }


def _why(request: HttpRequest, head: screens.Head) -> dict[str, Any]:
    asked = request.GET.get("not", "").strip()[:MOST_ASKED]
    context: dict[str, Any] = {"asked": asked, "prints": "print" in request.GET}
    if not asked:
        return context | {"why": build_why(head.customer, chosen=_chosen(request))}
    findings = find_customers(asked)
    other = findings.only_gid or asked
    try:
        return context | {"why_not": build_why_not(head.customer, golden.get_customer(other))}
    except (golden.CustomerNotFound, GovernedIdError):
        picks = [row for row in findings.found if row.customer.gid != head.customer.gid][:MOST_PICKS]
        return context | {"picks": picks}
    except HubError as error:
        return context | {"why": build_why(head.customer), "problem": error.detail}


def _chosen(request: HttpRequest) -> tuple[int, int] | None:
    """Return the two records somebody chose to compare, None where that isn't two numbers."""
    try:
        return int(request.GET.get("left", "")), int(request.GET.get("right", ""))
    except ValueError:
        return None


def _show_tab(request: HttpRequest, gid: str, tab: str, build: Builder) -> HttpResponse:
    customer = golden.get_customer(gid)
    if customer.redirected:
        messages.info(request, f"{customer.asked} was merged into this customer, {customer.gid}.")
        return redirect(f"stewardship:{tab}", customer.gid)
    if gid != customer.gid:
        return redirect(f"stewardship:{tab}", customer.gid)
    head = screens.build_head(customer, with_cases=tab != "customer-history" and "at" not in request.GET)
    tabs = [(reverse(f"stewardship:{name}", args=[customer.gid]), title, name == tab, key) for name, title, key in TABS]
    context = {"head": head, "tabs": tabs, **build(request, head)}
    return render_page(request, f"stewardship/{tab.replace('-', '_')}.html", context, section="customers")
