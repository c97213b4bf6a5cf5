"""`/v1/recordings`: list what was recorded, listen to it, delete it.

The sound is streamed from the storage with flat memory. A player may ask for a part of it (one range, RFC 9110 section
14), and for a part only while the file is the one it knows (`If-Range`).
"""

from __future__ import annotations

from aiohttp import web

from dialer.access import Role
from dialer.api.audited import Audit
from dialer.api.keys import LOG_FIELDS, REQUEST_ID, RUNTIME
from dialer.api.middleware import REQUEST_ID_HEADER
from dialer.api.problems import NOT_FETCHED, NOT_FOUND, RANGE_NOT_SATISFIABLE, STORAGE_UNAVAILABLE, Problem
from dialer.api.queries import RecordingsQuery
from dialer.api.recording_answers import RecordingOut, RecordingsOut
from dialer.api.routing import Answer, Routes
from dialer.api.streaming import write_pieces
from dialer.audit import Action
from dialer.errors import NotFound
from dialer.recordings.records import PLAIN_TYPE, KeptRecording, RecordingState, object_name
from dialer.recordings.storage import first_read
from dialer.store import Deleted, Wanted

_SOUNDS = ("audio/mpeg", "audio/wav", "audio/ogg", PLAIN_TYPE)
_HEADERS = {
    "Accept-Ranges": "`bytes`.",
    "Content-Disposition": "A name to save it under.",
    "ETag": "The file's SHA-256.",
}
_RANGE = {"Range": {"description": "One part of it, such as `bytes=0-65535`.", "schema": {"type": "string"}}}

routes = Routes()


@routes.get(
    "/v1/recordings",
    role=Role.READ,
    answers={200: Answer(description="A page of recordings.", model=RecordingsOut)},
    problems=(NOT_FOUND,),
)
async def list_recordings(request: web.Request, *, query: RecordingsQuery) -> web.StreamResponse:
    """The recordings, the newest first.

    A page may hold fewer than `limit` while there is a next one.
    """
    wanted = Wanted(campaign_id=query.campaign_id, call_id=query.call_id, state=query.state)
    found, cursor = await request.app[RUNTIME].store.recordings(wanted, cursor=query.cursor, limit=query.limit)
    page = RecordingsOut(recordings=[RecordingOut.of(recording) for recording in found], next_cursor=cursor)
    return web.json_response(text=page.model_dump_json())


@routes.get(
    "/v1/recordings/{recording_id}",
    role=Role.READ,
    answers={200: Answer(description="The recording.", model=RecordingOut)},
)
async def get_recording(request: web.Request, recording_id: str) -> web.StreamResponse:
    """One recording: whose it is, and how far its fetch is."""
    return web.json_response(text=RecordingOut.of(await _found(request, recording_id)).model_dump_json())


@routes.get(
    "/v1/recordings/{recording_id}/audio",
    role=Role.READ,
    answers={
        200: Answer(description="The whole file.", media_types=_SOUNDS, headers=_HEADERS),
        206: Answer(
            description="The part that was asked for.",
            media_types=_SOUNDS,
            headers=_HEADERS | {"Content-Range": "Which part it is."},
        ),
    },
    problems=(NOT_FETCHED, RANGE_NOT_SATISFIABLE, STORAGE_UNAVAILABLE),
    request_headers=_RANGE,
    audit=Audit(Action.RECORDING_DOWNLOADED),
)
async def get_audio(request: web.Request, recording_id: str) -> web.StreamResponse:
    """The sound of a recording, or one part of it."""
    recording = await _found(request, recording_id)
    size = _size(recording)
    asked = _part(request, recording, size)
    part = range(size) if asked is None else asked
    headers = _headers(recording) | {REQUEST_ID_HEADER: request[REQUEST_ID], "Content-Length": str(len(part))}
    if asked is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    response = web.StreamResponse(status=200 if asked is None else 206, headers=headers)
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    # Its first piece before its status: where the file is not there, the answer is to say so.
    pieces = await first_read(request.app[RUNTIME].recordings.read(recording.object_name, part))
    await response.prepare(request)
    await write_pieces(request, response, pieces)
    return response


@routes.delete(
    "/v1/recordings/{recording_id}",
    role=Role.ADMIN,
    answers={204: Answer(description="It is deleted, and its file too.")},
    problems=(STORAGE_UNAVAILABLE,),
    audit=Audit(Action.RECORDING_DELETED),
)
async def delete_recording(request: web.Request, recording_id: str) -> web.StreamResponse:
    """Delete a recording and its file, for ever.

    A fetch under way comes to nothing, and no late event brings it back. Repeatable. Where the storage fails the
    recording is gone from all lists all the same, and a worker deletes the file as soon as that is possible.
    """
    request[LOG_FIELDS]["recording_id"] = recording_id
    runtime = request.app[RUNTIME]
    deleted, campaign_id = await runtime.store.delete_recording(recording_id)
    if deleted is Deleted.NEVER_WAS:
        raise NotFound(f"there is no recording {recording_id!r}")
    await runtime.recordings.delete(object_name(campaign_id, recording_id))
    return web.Response(status=204)


async def _found(request: web.Request, recording_id: str) -> KeptRecording:
    request[LOG_FIELDS]["recording_id"] = recording_id
    return await request.app[RUNTIME].store.recording(recording_id)


def _size(recording: KeptRecording) -> int:
    match recording.state:
        case RecordingState.WAITING | RecordingState.FAILED:
            again = (
                f" It is tried again at {recording.next_try_at:%Y-%m-%d %H:%M} UTC." if recording.next_try_at else ""
            )
            why = f": {recording.error}." if recording.error else "."
            raise Problem(NOT_FETCHED, f"It is not fetched from the carrier yet{why}{again}")
        case RecordingState.GONE:
            raise Problem(NOT_FOUND, f"There is no sound of this recording: {recording.error}.")
    return recording.size_bytes or 0


def _headers(recording: KeptRecording) -> dict[str, str]:
    return {
        "Content-Type": recording.content_type or PLAIN_TYPE,
        "Content-Disposition": f'attachment; filename="{recording.file_name}"',
        "ETag": _tag(recording),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private",
        "X-Content-Type-Options": "nosniff",
    }


def _tag(recording: KeptRecording) -> str:
    return f'"{recording.sha256}"'


def _part(request: web.Request, recording: KeptRecording, size: int) -> range | None:
    """The bytes that were asked for; None for all of them: without a range, with several, or with none that is one."""
    unchanged = request.headers.get("If-Range", _tag(recording)) == _tag(recording)
    if "Range" not in request.headers or not unchanged:
        return None
    try:
        asked = request.http_range
    except ValueError:
        return None
    part = range(size)[asked]
    if not part:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Problem(RANGE_NOT_SATISFIABLE, f"The file has {size} bytes.", headers=headers)
    return part
