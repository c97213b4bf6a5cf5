"""`/v1/voices`: what the carrier can speak, from the catalogue in the package; nobody is asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal, Self

from aiohttp import web
from pydantic import Field

from dialer.access import Role
from dialer.api.models import Incoming, Outgoing
from dialer.api.routing import Answer, Routes
from dialer.voices import Generation, Voice, voices

routes = Routes()


class VoicesQuery(Incoming):
    """Which voices."""

    language: str | None = Field(
        None, min_length=1, max_length=20, description="Beginning of a language's code, whole parts: `nl`, `nl-NL`."
    )
    generation: Generation | None = Field(
        None, description="Only those that this generation can be told to speak with; see `DIALER_CARRIER_GENERATION`."
    )


class VoiceOut(Outgoing):
    """One style of one language."""

    language: str
    language_name: str
    style: int = Field(description="Its number within the language: what a script names.")
    gender: Literal["female", "male"]
    name: str | None = Field(description="What its maker calls it.")
    ssml: bool = Field(description="Whether it reads SSML.")
    standard: bool = Field(description="Whether it speaks without `premium`.")
    premium: bool = Field(description="Whether it speaks with `premium`.")
    name_2018: str | None = Field(description="Its `voiceName` in the generation of 2018, where it had one.")
    generations: list[Generation] = Field(description="Which can be told to speak with it.")

    @classmethod
    def of(cls, voice: Voice) -> Self:
        """The answer for one voice."""
        told = {name: value for name, value in asdict(voice).items() if name in cls.model_fields}
        kinds = {"standard": bool(voice.standard_name), "premium": bool(voice.premium_name)}
        return cls(**told, **kinds, name=voice.name, generations=sorted(voice.generations))


class VoicesOut(Outgoing):
    """Voices, by language and style."""

    voices: list[VoiceOut]

    @classmethod
    def of(cls, found: list[Voice]) -> Self:
        """The answer for these voices."""
        return cls(voices=[VoiceOut.of(voice) for voice in found])


@routes.get(
    "/v1/voices", role=Role.READ, answers={200: Answer(description="The voices; none is no error.", model=VoicesOut)}
)
async def list_voices(_request: web.Request, *, query: VoicesQuery) -> web.StreamResponse:
    """Languages and voices that a text can be spoken with."""
    return web.json_response(text=VoicesOut.of(voices(query.language, query.generation)).model_dump_json())
