"""Routes of version 1."""

from django.urls import path

from apps.api.v1.cases import CaseList
from apps.api.v1.changes import ChangeFeed
from apps.api.v1.customers import CompanyCodeList, CustomerDetail, CustomerHistory, CustomerList, MemberList
from apps.api.v1.decisions import CustomerMerge, CustomerSplit, CustomerUnmerge, DecisionUndo, RecordTransfer
from apps.api.v1.docs import DocsPage, SchemaDocument
from apps.api.v1.explanations import CustomerWhy, CustomerWhyNot
from apps.api.v1.jobs import JobDetail, JobList
from apps.api.v1.pins import PinDetail, PinList
from apps.api.v1.proposals import (
    ProposalApproval,
    ProposalDetail,
    ProposalList,
    ProposalRefresh,
    ProposalRefusal,
    ProposalWithdrawal,
)
from apps.api.v1.resolve import Resolve, ResolveBatch
from apps.api.v1.rule_sets import (
    RuleSetApproval,
    RuleSetDetail,
    RuleSetDryRun,
    RuleSetList,
    RuleSetPublication,
    RuleSetRevert,
)
from apps.api.v1.source_records import SourceRecordDetail, SourceRecordList
from apps.api.v1.source_systems import SourceSystemList
from apps.api.v1.verdicts import VerdictList, VerdictUndo

urlpatterns = [
    path("customers", CustomerList.as_view(), name="customers"),
    path("customers/<str:gid>", CustomerDetail.as_view(), name="customer"),
    path("customers/<str:gid>/company-codes", CompanyCodeList.as_view(), name="company-codes"),
    path("customers/<str:gid>/members", MemberList.as_view(), name="members"),
    path("customers/<str:gid>/history", CustomerHistory.as_view(), name="history"),
    path("customers/<str:gid>/pins", PinList.as_view(), name="pins"),
    path("customers/<str:gid>/pins/<str:attribute>", PinDetail.as_view(), name="pin"),
    path("customers/<str:gid>/why", CustomerWhy.as_view(), name="why"),
    path("customers/<str:gid>/why-not", CustomerWhyNot.as_view(), name="why-not"),
    path("customers/<str:gid>/merge", CustomerMerge.as_view(), name="merge"),
    path("customers/<str:gid>/split", CustomerSplit.as_view(), name="split"),
    path("customers/<str:gid>/unmerge", CustomerUnmerge.as_view(), name="unmerge"),
    path("resolve", Resolve.as_view(), name="resolve"),
    path("resolve/batch", ResolveBatch.as_view(), name="resolve-batch"),
    path("changes", ChangeFeed.as_view(), name="changes"),
    path("source-systems", SourceSystemList.as_view(), name="source-systems"),
    path("source-records", SourceRecordList.as_view(), name="source-records"),
    path("source-records/<str:source>/<path:key>/transfer", RecordTransfer.as_view(), name="transfer"),
    path("source-records/<str:source>/<path:key>", SourceRecordDetail.as_view(), name="source-record"),
    path("decisions/<int:decision>/undo", DecisionUndo.as_view(), name="undo"),
    path("verdicts", VerdictList.as_view(), name="verdicts"),
    path("verdicts/<int:decision>/undo", VerdictUndo.as_view(), name="verdict-undo"),
    path("proposals", ProposalList.as_view(), name="proposals"),
    path("proposals/<int:proposal>", ProposalDetail.as_view(), name="proposal"),
    path("proposals/<int:proposal>/approve", ProposalApproval.as_view(), name="proposal-approve"),
    path("proposals/<int:proposal>/refuse", ProposalRefusal.as_view(), name="proposal-refuse"),
    path("proposals/<int:proposal>/withdraw", ProposalWithdrawal.as_view(), name="proposal-withdraw"),
    path("proposals/<int:proposal>/refresh", ProposalRefresh.as_view(), name="proposal-refresh"),
    path("rule-sets", RuleSetList.as_view(), name="rule-sets"),
    path("rule-sets/revert", RuleSetRevert.as_view(), name="rule-set-revert"),
    path("rule-sets/<int:number>", RuleSetDetail.as_view(), name="rule-set"),
    path("rule-sets/<int:number>/dry-run", RuleSetDryRun.as_view(), name="rule-set-dry-run"),
    path("rule-sets/<int:number>/approve", RuleSetApproval.as_view(), name="rule-set-approve"),
    path("rule-sets/<int:number>/publish", RuleSetPublication.as_view(), name="rule-set-publish"),
    path("jobs", JobList.as_view(), name="jobs"),
    path("jobs/<int:job>", JobDetail.as_view(), name="job"),
    path("cases", CaseList.as_view(), name="cases"),
    path("schema/", SchemaDocument.as_view(), name="schema"),
    path("docs/", DocsPage.as_view(), name="docs"),
]
