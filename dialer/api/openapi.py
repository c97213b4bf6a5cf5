"""The OpenAPI 3.1 document, made from the routes' own declarations, so that it says what the code does.

Each route shows its success answers and every refusal it can end in: those that follow from what it takes (a key, an
id, a query, a body) and those it declares. Pydantic writes the schemas; their dialect is OpenAPI 3.1's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from dialer import __version__
from dialer.api import problems
from dialer.api.answers import ProblemOut
from dialer.api.audited import ACTOR_PARAMETER
from dialer.api.links import links
from dialer.api.middleware import REQUEST_ID_HEADER
from dialer.api.once import HEADER as IDEMPOTENCY_KEY
from dialer.api.problems import ProblemType
from dialer.api.routing import MAX_ID_LENGTH, Answer, Route

Json = dict[str, Any]

_ABOUT = """Campaigns of spoken notifications: a list of numbers in, one disposition each out.

All under `/v1` asks for `Authorization: Bearer <key>`: DIALER_API_KEY, or a key made by `POST /v1/keys`, with
the role that each operation names. Unknown fields are refused. Whatever is refused is
told as problem details (RFC 9457) and has changed nothing, except that of a list which breaks off midway the part
before the break stays; sending it again adds nobody twice."""

_PATH_NAMES = {
    "campaign_id": "The id of a campaign, such as `c5hk2m9x4tdq`.",
    "conference_id": "The id of a conference, which is that of its campaign.",
    "escalation_id": "The id of an escalation, which is that of its campaign.",
    "call_id": "The id of a call, such as `c5hk2m9x4tdq-1042`.",
    "position": "The question in the script that was answered.",
    "recording_id": "The id of a recording, such as `rq4x7m2k5t3d6w8n9`.",
    "import_id": "The id that the client gave an import.",
    "erasure_id": "The id that the erasure was given when it began.",
    "callback_id": "The `webhook-id` of a callback, such as `c5hk2m9x4tdq-1042-ended`.",
    "key_id": "The id of an API key, such as `kqwhzvtm`.",
    "application_id": "The id of one of the carrier's applications, a UUID.",
    "nonce": "Random digits that `dialer doctor` has put into Redis.",
    "name": "The name of a suppression list.",
    "file": "The name of a file.",
    "token": "The attempt's own token, made by the dialer.",
}


def openapi_document(routes: Iterable[Route]) -> Json:
    """The whole document for these routes."""
    listed = list(routes)
    refs, schemas = _schemas(listed)
    paths: defaultdict[str, Json] = defaultdict(dict)
    for route in listed:
        operation = paths[route.path][route.method.lower()] = _operation(route, refs, schemas)
        for status, answer in route.answers.items():
            if linked := links(route, answer, listed):
                operation["responses"][str(status)]["links"] = linked
    # A query's model is taken apart into parameters; what a body uses as well stays.
    apart = {r.query.__name__ for r in listed if r.query} - {r.body.__name__ for r in listed if r.body}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dialer", "version": __version__, "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer", "description": _KEY}},
            "headers": {"RequestId": _REQUEST_ID},
            "schemas": {name: schema for name, schema in schemas.items() if name not in apart},
        },
    }


_KEY = "DIALER_API_KEY, or a key made by `POST /v1/keys`. An operation names the roles of which a key must have one."
_REQUEST_ID = {
    "description": "The request's id, which our log tells too: your own `X-Request-Id` (at most 64 letters, digits, "
    "`.`, `_`, `-`), or a new one.",
    "schema": {"type": "string"},
}
_REQUEST_ID_REF = {"$ref": "#/components/headers/RequestId"}
_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _schemas(routes: list[Route]) -> tuple[dict[type[BaseModel], Json], Json]:
    incoming = {model for route in routes for model in (route.body, route.query) if model}
    answers = [answer for route in routes for answer in route.answers.values()]
    outgoing = {answer.model for answer in answers if answer.model} | {ProblemOut}
    outgoing |= {model for answer in answers for model in answer.events.values()}
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"], TypeAdapter[Any]]]
    wanted = [(model, "validation", TypeAdapter(model)) for model in sorted(incoming, key=_name)]
    wanted += [(model, "serialization", TypeAdapter(model)) for model in sorted(outgoing, key=_name)]
    refs, rest = TypeAdapter.json_schemas(wanted, ref_template="#/components/schemas/{model}")
    return {model: schema for (model, _), schema in refs.items()}, rest["$defs"]


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _operation(route: Route, refs: Mapping[type[BaseModel], Json], schemas: Json) -> Json:
    summary, _, description = route.about.partition("\n")
    operation: Json = {
        "operationId": route.name,
        "summary": summary.rstrip("."),
        "tags": [_tag(route.path)],
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, refs),
    }
    needed = f"Needs the role {' or '.join(f'`{role}`' for role in route.needs)}." if route.needs else ""
    repeated = f"It needs no `{IDEMPOTENCY_KEY}`: {route.repeatable}." if route.repeatable else ""
    if told := "\n\n".join(filter(None, (description.strip(), needed, repeated))):
        operation["description"] = told
    # Role names stand beside a scheme's name, as OpenAPI 3.1 has it; several such are alternatives.
    operation["security"] = [{"apiKey": [role]} for role in route.needs]
    if route.body or route.streamed:
        operation["requestBody"] = _request_body(route, refs)
    return operation


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    return "calls" if parts[-1] == "calls" and len(parts) == 2 else parts[1] if parts[0] == "v1" else parts[0]  # noqa: PLR2004 - /v1/calls


def _parameters(route: Route, schemas: Json) -> list[Json]:
    path = [_parameter(name, "path", {"type": "string"}, _PATH_NAMES[name]) for name in route.path_names]
    headers = {**route.request_headers, **(ACTOR_PARAMETER if route.audit else {})}
    header = [{"name": str(name), "in": "header", **told} for name, told in headers.items()]
    asked = schemas[route.query.__name__].get("properties", {}) if route.query else {}
    query = [_parameter(name, "query", dict(schema), schema.get("description", "")) for name, schema in asked.items()]
    return path + query + header


def _parameter(name: str, where: str, schema: Json, about: str) -> Json:
    if where == "path":
        schema = {**schema, "maxLength": MAX_ID_LENGTH} if name not in {"token", "position"} else schema
    parameter = {"name": name, "in": where, "required": where == "path", "schema": schema}
    return parameter | ({"description": about} if about else {})


def _request_body(route: Route, refs: Mapping[type[BaseModel], Json]) -> Json:
    if route.body is None:
        return {"required": True, "content": dict(route.streamed)}
    required = any(f.is_required() for f in route.body.model_fields.values())
    return {"required": required, "content": {"application/json": {"schema": refs[route.body]}}}


def _responses(route: Route, refs: Mapping[type[BaseModel], Json]) -> Json:
    responses = {str(status): _success(answer, refs) for status, answer in route.answers.items()}
    by_status: defaultdict[int, list[ProblemType]] = defaultdict(list)
    for kind in _refusals(route):
        by_status[kind.status].append(kind)
    for status, kinds in sorted(by_status.items()):
        # A success answer of the same status (the 503 of /readyz) is the more telling one.
        responses.setdefault(str(status), _refusal(kinds, refs))
    for response in responses.values():
        response["headers"] = {REQUEST_ID_HEADER: _REQUEST_ID_REF, **response.get("headers", {})}
    return responses


def _success(answer: Answer, refs: Mapping[type[BaseModel], Json]) -> Json:
    told: Json = {"description": answer.description}
    if answer.model:
        told["content"] = {media: {"schema": refs[answer.model]} for media in answer.media_types}
    elif answer.events:
        told["content"] = {media: {"schema": _event(answer, refs)} for media in answer.media_types}
    elif answer.media_types != ("application/json",):
        told["content"] = {media: {} for media in answer.media_types}
    if answer.headers:
        told["headers"] = {str(n): {"description": d, "schema": {"type": "string"}} for n, d in answer.headers.items()}
    return told


def _event(answer: Answer, refs: Mapping[type[BaseModel], Json]) -> Json:
    """One event of a stream, as its fields stand there (HTML, section 9.2.6)."""
    told = [refs[model] for model in answer.events.values()]
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"anyOf": told}}
    fields = {"id": {"type": "string"}, "event": {"enum": list(answer.events)}, "data": data}
    return {"type": "object", "properties": fields}


def _refusals(route: Route) -> list[ProblemType]:
    found = list(route.problems)
    if not route.public:
        found += _KEY_REFUSALS
    if route.path_names:
        found.append(problems.NOT_FOUND)
    if route.query or route.audit:
        found.append(problems.INVALID_INPUT)
    if route.body or route.streamed:
        found += _BODY_REFUSALS
    return list(dict.fromkeys([*found, problems.INTERNAL, problems.UNAVAILABLE]))


_KEY_REFUSALS = (
    problems.UNAUTHORIZED,
    problems.ROLE_MISSING,
    problems.TOO_MANY_REQUESTS,
    problems.TOO_MANY_FAILURES,
)
_BODY_REFUSALS = (
    problems.MALFORMED_JSON,
    problems.WRONG_ENCODING,
    problems.TOO_SLOW,
    problems.TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.INVALID_INPUT,
)


def _refusal(kinds: list[ProblemType], refs: Mapping[type[BaseModel], Json]) -> Json:
    example = {"type": kinds[0].uri, "title": kinds[0].title, "status": kinds[0].status, "detail": "..."}
    media = {"schema": refs[ProblemOut], "example": example}
    return {
        "description": "; ".join(f"{kind.title} (`{kind.uri}`)" for kind in kinds),
        "content": {problems.MEDIA_TYPE: media},
    }
