"""The cluster page: who goes with whom, seen before it is stored, in one decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.base.errors import Forbidden, HubError
from apps.cases import selectors as cases
from apps.cases.blind import is_blind
from apps.cases.claiming import release_claims
from apps.pipeline.deciding import Outcome
from apps.pipeline.deciding.weighing import SecondPersonNeeded
from apps.pipeline.gathering import Gathering, gather
from apps.pipeline.proposals import Act
from apps.stewardship.forms import decisions_in
from apps.stewardship.pages import actor_of, page, render_page
from apps.stewardship.roles import JUDGES, roles_of, words_for
from apps.stewardship.screens import cluster as screens
from apps.stewardship.screens import decisions
from apps.stewardship.screens.approvals import verb_for_groups, verb_of_refusal
from apps.stewardship.views.approvals import propose_act
from apps.stewardship.views.claims import claim_for
from apps.stewardship.views.walking import address_within, go_on, go_on_from, walk_of


@dataclass(frozen=True)
class Typed:
    """What came with a request: groups as sent, the page, the reason, the versions seen, and what gives way."""

    grouping: dict[int, int]
    page: int
    reason: str
    versions: Mapping[str, int]
    supersedes: list[int]
    looks: bool
    is_again: bool
    trouble: HubError | None = field(default=None)


@require_http_methods(["GET", "HEAD", "POST"])
@page()
def show_cluster(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show all that a case's record may be one customer with, in groups; posted as decided, store the groups.

    Where a customer or the case changed since, or other decisions stand against it, nothing is saved, the page comes
    back as it now stands, and the groups and the reason are kept.
    """
    may_judge = bool(roles_of(request.user) & JUDGES)
    if request.method == "POST" and not may_judge:
        raise Forbidden(f"This needs the role {words_for(JUDGES)}.")
    case = cases.get_case(case_id)
    sent = _records_in(request.POST) if request.method == "POST" else ()
    gathering = gather(case, also=sent)
    if gathering is None or (request.method != "POST" and any(is_blind(one) for one in gathering.cases)):
        return redirect(address_within("case", case_id, walk=walk_of(request)))
    typed = _read(request.POST if request.method == "POST" else request.GET, gathering)
    if request.method != "POST" or request.POST.get("act") not in {"commit", "propose"}:
        return _render(request, case, gathering, typed)
    answers = None if typed.is_again else case_id
    try:
        if request.POST.get("act") == "propose":
            named = {"groups": screens.list_groups(typed.grouping), "supersedes": typed.supersedes, "case_id": answers}
            proposal = propose_act(request, Act("regroup", named), versions=typed.versions, reason=typed.reason)
            return go_on_from(request, case, proposal)
        outcome = screens.decide(
            typed.grouping,
            case_id=answers,
            reason=typed.reason,
            versions=typed.versions,
            supersedes=typed.supersedes,
            actor=actor_of(request),
        )
    except HubError as trouble:
        # As it stands now: what others did is seen.
        case = cases.get_case(case_id)
        gathering = gather(case, also=typed.grouping) or gathering
        return _render(request, case, gathering, typed, trouble=trouble)
    messages.success(request, _tell(outcome), extra_tags=str(outcome.decision))
    release_claims([case_id], actor=actor_of(request))
    return go_on(request, case)


def _records_in(data: QueryDict) -> list[int]:
    """Return the records that a form names: by now they may belong to customers that the case isn't about."""
    named = [name[1:] for name in data if name[:1] == "r" and name[1:].isdecimal() and len(name) < 20]
    return [*map(int, named), *screens.decode(data.get("grouping", ""))]


def _read(data: QueryDict, gathering: Gathering) -> Typed:
    sent = screens.decode(data.get("grouping", ""))
    for record in gathering.records:
        group = data.get(f"r{record}", "")
        if group.isdecimal() and len(group) < 3:
            sent[record] = int(group)
    grouping = screens.suggest(gathering)
    grouping |= {record: group for record, group in sent.items() if record in grouping}
    picked = [int(record) for record in data.getlist("pick") if record.isdecimal() and len(record) < 19]
    grouping = screens.send(grouping, picked, data.get("send", ""))
    page = data.get("page", "1")
    versions = dict(pair.split(":", 1) for pair in data.get("versions", "").split(",") if ":" in pair)
    return Typed(
        grouping=grouping,
        page=int(page) if page.isdecimal() and len(page) < 5 else 1,
        reason=data.get("reason", "")[:500].strip(),
        versions={gid: int(version) for gid, version in versions.items() if version.isdecimal()},
        supersedes=decisions_in(data),
        looks="look" in data or data.get("act") == "look",
        is_again="again" in data,
    )


def _tell(outcome: Outcome) -> str:
    names = [f"{after.name or 'a customer without a name'} ({len(after.members)})" for after in outcome.customers]
    told = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"Grouped into {told}. Undo takes it back."


def _render(
    request: HttpRequest,
    case: cases.CaseRow,
    gathering: Gathering,
    typed: Typed,
    *,
    trouble: HubError | None = None,
) -> HttpResponse:
    status = trouble.status if trouble else 200
    may_judge = bool(roles_of(request.user) & JUDGES)
    grouping = {record: typed.grouping.get(record, screens.ASIDE) for record in gathering.records}
    is_open = case.state == "open"
    shown = refused = None
    if typed.looks and may_judge:
        try:
            shown = screens.preview_groups(
                grouping,
                case_id=case.case_id if is_open else None,
                supersedes=typed.supersedes,
                actor=actor_of(request),
            )
        except HubError as error:
            refused = error
    told = trouble or refused
    actor = actor_of(request)
    needs_two = trouble if isinstance(trouble, SecondPersonNeeded) else None
    groups = screens.list_groups(grouping)
    verb = verb_of_refusal(needs_two) if needs_two else verb_for_groups(gathering, groups, actor)
    held = claim_for(request, case)
    context = {
        "held": held,
        "me": str(actor_of(request)),
        "back": request.get_full_path() if request.method == "GET" else request.path,
        "walk": walk_of(request),
        "case": case,
        "cluster": screens.build_cluster(gathering, grouping, page=typed.page),
        "typed": typed,
        "shown": shown,
        "trouble": trouble,
        "verb": verb if may_judge else None,
        "refused": refused,
        "chain": told.facts.get("chain") if told else None,
        "latest": decisions.find_latest_decision(actor_of(request)) if may_judge else None,
        "is_open": is_open,
    }
    waiting = held.open_cases if held else None
    return render_page(
        request, "stewardship/cluster.html", context, section="review", status=status, open_cases=waiting
    )
