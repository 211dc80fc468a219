"""The OpenAPI document, and a page that shows it to people: plain HTML from the same document, no script needed."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.permissions import PUBLIC
from apps.api.v1.routes import Route
from apps.api.v1.schema import openapi_document

METHODS = ("get", "post", "put", "patch", "delete")
TAGS = ("resolve", "customers", "changes", "cases", "records", "jobs", "rules", "sources")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a member of a body: its name, kind in words, whether it must be given, and what it means."""

    name: str
    place: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    name: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    roles: tuple[str, ...]
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    answer_words: str
    refusals: tuple[tuple[str, str], ...]
    example: str


class SchemaDocument(Route):
    admits: ClassVar[frozenset[str]] = PUBLIC
    authentication_classes = []

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the framework's signature
        """Return the OpenAPI 3.1 document of version 1."""
        return Response(openapi_document())


class DocsPage(Route):
    admits: ClassVar[frozenset[str]] = PUBLIC
    authentication_classes = []

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the page that lists every operation."""
        django_request: HttpRequest = request._request  # noqa: SLF001 - templates take Django's own request
        origin = f"{django_request.scheme}://{django_request.get_host()}"
        document = openapi_document()
        context = {"info": document["info"], "tags": list_operations(document, origin)}
        return render(django_request, "api/docs.html", context)


def list_operations(document: dict[str, Any], origin: str) -> dict[str, list[Operation]]:
    """Return the document's operations by tag, identity look-ups first, each in the order of its path."""
    tags: dict[str, list[Operation]] = {tag: [] for tag in TAGS}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = _operation(document, path, method, item[method], origin)
                tags[item[method]["tags"][0]].append(operation)
    return tags


def _operation(document: dict[str, Any], path: str, method: str, spec: dict[str, Any], origin: str) -> Operation:
    parameters = tuple(
        Field(p["name"], p["in"], _kind(p["schema"]), p.get("required", False), _plain(p.get("description", "")))
        for p in sorted(spec.get("parameters", []), key=lambda p: not p.get("required", False))
    )
    body = _content(spec.get("requestBody", {}))
    answered = _content(next(reply for code, reply in spec["responses"].items() if code.startswith("2")))
    answered_shape = _follow(document, answered)
    return Operation(
        name=spec["operationId"],
        method=method.upper(),
        path=path,
        summary=spec.get("summary", ""),
        paragraphs=_paragraphs(spec.get("description", "")),
        roles=tuple(spec.get("x-roles", ())),
        parameters=parameters,
        body=_members(document, body),
        answer=_members(document, answered),
        answer_words=_plain(answered_shape.get("description", "")),
        refusals=tuple(
            (code, _plain(reply.get("description", "")))
            for code, reply in spec["responses"].items()
            if not code.startswith("2")
        ),
        example=spec.get("x-example") or _example(path, method, parameters, origin),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(_plain(paragraph).split()) for paragraph in text.split("\n\n"))


def _plain(text: str) -> str:
    """Return Markdown's quoted names as a page shows them."""
    return text.replace("`", "")


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    for media in holder.get("content", {}).values():
        schema: dict[str, Any] = media.get("schema", {})
        return schema
    return {}


def _follow(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema a reference points to; a schema without one is its own."""
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _members(document: dict[str, Any], schema: dict[str, Any]) -> tuple[Field, ...]:
    shape = _follow(document, schema)
    required = shape.get("required", ())
    return tuple(
        Field(name, "body", _kind(member), name in required, member.get("description", ""))
        for name, member in shape.get("properties", {}).items()
    )


def _kind(schema: dict[str, Any]) -> str:
    """Return a schema's type in words, such as `list of Member` or `text or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].removesuffix("Shape")
    for combined in ("allOf", "oneOf", "anyOf"):
        if combined in schema:
            return " or ".join(_kind(option) for option in schema[combined])
    kinds = schema.get("type", "any")
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    if kinds == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    listed = kinds if isinstance(kinds, list) else [kinds]
    return " or ".join(words.get(str(kind), str(kind)) for kind in listed)


def _example(path: str, method: str, parameters: tuple[Field, ...], origin: str) -> str:
    needed = [f"{p.name}=…" for p in parameters if p.place == "query" and p.is_required]
    asked = f"?{'&'.join(needed)}" if needed else ""
    verb = " -X DELETE" if method == "delete" else ""
    lines = [f"curl{verb} -H 'Authorization: Bearer mdm_…' '{origin}{path}{asked}'"]
    if method == "post":
        body = '{"name": "Träger Maschinenbau GmbH", "city": "Ulm", "country": "Germany"}'
        lines += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n     ".join(lines)
