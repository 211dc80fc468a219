"""Whole files: handed over in one request, loaded by a worker, watched until they are done."""

from typing import Any, ClassVar, cast

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import answer_once
from apps.api.parsers import FILE_PARSERS, LengthRequired
from apps.api.permissions import EVERY_ROLE, INTEGRATIONS
from apps.api.v1.routes import ParameterInvalid, Route, answer, operation, query
from apps.api.v1.source_records import actor_of
from apps.base.errors import NotFound
from apps.pipeline.uploading import choose_mapping, get_job
from apps.sources.pushed_landing import find_sources
from apps.sources.services import SourceSystem, register_source
from apps.sources.uploads import Spooled, UploadEmpty, register_upload

KINDS = ("crm", "billing", "erp", "other")
MODES = ("delta", "snapshot")


class StageShape(serializers.Serializer[Any]):
    """One stage of the job's run; `total` is null where nobody can know it beforehand."""

    name = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField()
    finished = serializers.BooleanField(source="is_finished")


class JobFaultShape(serializers.Serializer[Any]):
    """A row of the file that was set aside, or a remark on one that was not."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.CharField()
    whole_row = serializers.BooleanField(source="is_whole_row")


class JobShape(serializers.Serializer[Any]):
    """A file handed over. `state` is waiting, running, done, refused (the file can't be used) or failed.

    `counts` and `stages` come from the run that carries it out, `faults` are its first hundred.
    """

    job = serializers.IntegerField(source="upload.upload_id")
    source = serializers.CharField(source="upload.source_code")  # type: ignore[assignment]
    state = serializers.CharField()
    name = serializers.CharField(source="upload.name")
    bytes = serializers.IntegerField(source="upload.byte_count")
    run = serializers.IntegerField(source="upload.run_id", allow_null=True)
    failure_code = serializers.CharField(source="upload.failure_code")
    failure = serializers.CharField(source="upload.failure")
    created_at = serializers.DateTimeField(source="upload.created_at")
    finished_at = serializers.DateTimeField(source="upload.finished_at", allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), source="run.counts", default=dict)
    stages = StageShape(many=True, source="run.stages", default=list)
    faults = JobFaultShape(many=True)


class JobList(Route):
    admits: ClassVar[frozenset[str]] = INTEGRATIONS
    takes: ClassVar[frozenset[str]] = frozenset({"source", "kind", "mapping", "mode", "name"})
    parser_classes = FILE_PARSERS
    http_method_names = ["post"]

    @operation(
        "handOverFile",
        "Hand a whole file over; it is loaded in the background",
        JobShape,
        refusals=(404, 411),
        admits=INTEGRATIONS,
        success=202,
        writes=True,
        tag="jobs",
        request={parser.media_type: OpenApiTypes.BINARY for parser in FILE_PARSERS},
        parameters=[
            query("source", "Code of the source system.", required=True),
            query("kind", f"Registers a source the hub doesn't know yet: {', '.join(KINDS)}."),
            query("mapping", "A preset, such as canonical; without it the mapping of the source's newest file."),
            query("mode", "delta or snapshot, instead of what the mapping says; a snapshot's absent keys are gone."),
            query("name", "What to call the file on screens."),
        ],
    )
    def post(self, request: Request) -> Response:
        """Take a CSV, JSON lines, Parquet or XLSX file as the body, and answer where to watch it.

        The file is loaded as `manage.py load` would: every row has its outcome, and a worker that dies is followed by
        another that goes on. Its rows are matched together, which is faster by far than pushing them one by one.
        """
        if not request.headers.get("Content-Length"):
            raise LengthRequired("Send Content-Length; with curl, --data-binary @file does.")
        wanted = self._wanted(request)
        spooled = cast(dict[str, Spooled], request.data).get("file")
        if spooled is None:
            raise UploadEmpty("Send the file as the body of the request.")
        try:
            return answer_once(request, lambda: self._register(request, spooled, wanted), content=spooled.digest)
        finally:
            spooled.discard()

    def _wanted(self, request: Request) -> dict[str, str | None]:
        wanted = {name: self.parameter(request, name) for name in sorted(self.takes)}
        self.needed(request, "source")
        for name, known in (("kind", KINDS), ("mode", MODES)):
            if wanted[name] is not None and wanted[name] not in known:
                raise ParameterInvalid(f"{name} must be one of {', '.join(known)}.", parameter=name)
        return wanted

    def _register(self, request: Request, spooled: Spooled, wanted: dict[str, str | None]) -> Response:
        actor = actor_of(request)
        code = cast(str, wanted["source"])
        source = _find_or_register(code, wanted["kind"], request)
        mapping = choose_mapping(source_code=code, preset=wanted["mapping"], suffix=spooled.suffix, mode=wanted["mode"])
        upload = register_upload(
            spooled=spooled,
            source=source,
            mapping=mapping,
            name=wanted["name"] or f"{code}{spooled.suffix}",
            actor=actor,
        )
        response = answer(JobShape, get_job(upload.pk), Location=reverse("api:job", args=[upload.pk]))
        response.status_code = 202
        return response


class JobDetail(Route):
    admits: ClassVar[frozenset[str]] = EVERY_ROLE

    @operation(
        "getJob",
        "How far a file has come",
        JobShape,
        refusals=(404,),
        tag="jobs",
        parameters=[OpenApiParameter("job", OpenApiTypes.INT, OpenApiParameter.PATH, description="The job's number.")],
    )
    def get(self, request: Request, job: int) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the job's state, the counts and stages of its run so far, and the first hundred faults."""
        if job > 2**62:
            raise NotFound(f"There is no job {job}.", job=job)
        return answer(JobShape, get_job(job))


def _find_or_register(code: str, kind: str | None, request: Request) -> SourceSystem:
    if kind is None:
        return find_sources([code])[code]
    if len(code) > 40 or not code.replace("-", "").replace("_", "").isalnum() or not code.isascii():
        raise ParameterInvalid("A source's code is 1 to 40 letters, digits, - and _.", parameter="source")
    return register_source(code=code, kind=kind, actor=actor_of(request))
