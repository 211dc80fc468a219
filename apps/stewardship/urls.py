"""Routes of the steward pages."""

from django.urls import path

from apps.stewardship.views import (
    accounts,
    approvals,
    components,
    customers,
    fields,
    home,
    me,
    merging,
    review,
    rules,
    splitting,
)

app_name = "stewardship"
urlpatterns = [
    path("log-in/", accounts.log_in, name="login"),
    path("log-out/", accounts.log_out, name="logout"),
    path("", home.show_home, name="home"),
    path("components/", components.show_components, name="components"),
    path("me/decisions/", review.show_decisions, name="decisions"),
    path("me/preferences/", me.show_preferences, name="preferences"),
    path("me/preferences/switch/", me.switch, name="switch-keys"),
    path("customers/", customers.search, name="search"),
    path("customers/suggest/", customers.suggest, name="suggest"),
    path("customers/compare/", merging.compare, name="compare"),
    path("customers/compare/merge/", merging.merge, name="merge"),
    path("customers/<str:gid>/", customers.show_summary, name="customer"),
    path("customers/<str:gid>/sources/", customers.show_sources, name="customer-sources"),
    path("customers/<str:gid>/why/", customers.show_why, name="customer-why"),
    path("customers/<str:gid>/split/", splitting.split, name="customer-split"),
    path("customers/<str:gid>/company-codes/", customers.show_companies, name="customer-companies"),
    path("customers/<str:gid>/history/", customers.show_history, name="customer-history"),
    path("customers/<str:gid>/fields/<str:attribute>/", fields.show_field, name="customer-field"),
    path("customers/<str:gid>/fields/<str:attribute>/fix/", fields.fix, name="fix-field"),
    path("customers/<str:gid>/fields/<str:attribute>/release/", fields.release, name="release-field"),
    path("approvals/", approvals.show_list, name="approvals"),
    path("approvals/<int:proposal_id>/", approvals.show, name="approval"),
    path("approvals/<int:proposal_id>/<str:act>/", approvals.act, name="approval-act"),
    path("rules/", rules.show_versions, name="rules"),
    path("rules/<int:number>/", rules.show_version, name="rules-version"),
    path("rules/<int:number>/<str:act>/", rules.act, name="rules-act"),
    path("review/", review.show_queue, name="queue"),
    path("review/next/", review.start, name="start"),
    path("review/undo/", review.undo, name="undo"),
    path("review/<int:case_id>/", review.show_case, name="case"),
    path("review/<int:case_id>/judge/", review.judge, name="judge"),
    path("review/<int:case_id>/apply/", review.apply, name="apply"),
]
