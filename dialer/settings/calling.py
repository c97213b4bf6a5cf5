"""The settings of whom the dialer may call, when, how often and at what cost."""

from __future__ import annotations

import re
from functools import cached_property

from pydantic import Field, field_validator

from dialer.forms import LANGUAGE
from dialer.model import Caps
from dialer.settings.values import Breaker, Several
from dialer.settings.variables import VariableSettings
from dialer.window_text import parse_windows
from dialer.windows import Windows

_SHARE = re.compile(r"\+[1-9][0-9]{0,14}=0?\.[0-9]{1,4}")


class CallingSettings(VariableSettings):
    """That part of the settings: what campaigns and calls have that do not say otherwise, and what none may."""

    default_region: str = Field(
        "NL", pattern=r"^[A-Z]{2}$", description="Country (ISO 3166) of numbers written without a country code."
    )
    allowed_destinations: Several[str] = Field(
        frozenset(),
        description="Beginnings of the numbers that may be called, such as +31,+32, separated by commas; * for all. "
        "Unset: the country of DIALER_DEFAULT_REGION.",
    )
    default_language: str = Field(
        "nl-NL",
        pattern=LANGUAGE,
        description="Language of spoken text where a script names none (the carrier itself would read it as English).",
    )
    windows: str | None = Field(
        None,
        description="When people may be called, on their own clocks, where a campaign does not say: "
        "`mo-fr=09:00-20:00 sa=10:00-17:00 holidays=NL closed=2026-12-31`. Unset: always.",
    )
    allow_override: bool = Field(
        default=False, description="Whether an urgent campaign may be dialed outside of its windows (true or false)."
    )
    number_tries_day: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="How often one number may be dialed within 24 hours, by all campaigns together, where a campaign "
        "that is not urgent does not say. Unset: any number.",
    )
    number_tries_week: int | None = Field(None, ge=1, le=1000, description="The same within seven times 24 hours.")
    number_spacing_s: int = Field(
        0,
        ge=0,
        le=604_800,
        description="The least seconds between two tries at one number, where a campaign does not say.",
    )
    prefix_shares: Several[str] = Field(
        frozenset(),
        description="Of all calls, numbers with these beginnings get so much at the most: +3120=0.3,+31800=0.1; urgent "
        "calls excepted.",
    )
    call_euros: float = Field(
        0.10,
        ge=0.000001,
        le=1000,
        description="What is reserved of a campaign's cap in euro for each call that is up, where it does not say.",
    )
    breaker: Breaker = Field(
        "12/15",
        description="So many failures among so many last attempts stop a campaign that is not urgent and does not say "
        "otherwise; `off` for none.",
    )
    retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days after its end until a campaign and all of it is deleted; a draft, or a paused one, that "
        "nobody touches for so long is cancelled.",
    )

    @field_validator("default_region")
    @classmethod
    def _known_region(cls, region: str) -> str:
        from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - not for `--help`: it costs more than all of this

        if region not in SUPPORTED_REGIONS:
            raise ValueError("must be a country with telephone numbers, such as NL")
        return region

    @field_validator("windows")
    @classmethod
    def _readable_windows(cls, text: str | None) -> str | None:
        if text is not None:
            parse_windows(text)
        return text

    @field_validator("allowed_destinations")
    @classmethod
    def _beginnings(cls, given: frozenset[str]) -> frozenset[str]:
        wrong = next((one for one in sorted(given) if not re.fullmatch(r"\*|\+[1-9][0-9]{0,14}", one)), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no beginning of a number: write it like +31, or * for all")
        return given

    @field_validator("prefix_shares")
    @classmethod
    def _parts_of_one(cls, given: frozenset[str]) -> frozenset[str]:
        wrong = next(
            (one for one in sorted(given) if not _SHARE.fullmatch(one) or not float(one.partition("=")[2])), None
        )
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no share of a beginning: write it like +3120=0.3, above 0 and below 1")
        return given

    @property
    def shares(self) -> dict[str, float]:
        """Beginnings of numbers and the part of the budget that each gets at the most."""
        return {prefix: float(share) for prefix, _, share in (one.partition("=") for one in self.prefix_shares)}

    @property
    def default_windows(self) -> Windows | None:
        """The windows of a campaign that names none."""
        return parse_windows(self.windows) if self.windows else None

    @property
    def default_caps(self) -> Caps:
        """How often a campaign that does not say dials one number."""
        return Caps(day=self.number_tries_day, week=self.number_tries_week, spacing_ms=self.number_spacing_s * 1000)

    @cached_property
    def destinations(self) -> tuple[str, ...]:
        """Beginnings of the numbers that may be called."""
        if self.allowed_destinations:
            return tuple(sorted(self.allowed_destinations))
        from phonenumbers import country_code_for_region  # noqa: PLC0415 - as above

        return (f"+{country_code_for_region(self.default_region)}",)
