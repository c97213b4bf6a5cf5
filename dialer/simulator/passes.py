"""Tokens for the download of recordings: each is bound to one application and lapses (`GET /jwt`)."""

from __future__ import annotations

import secrets
import time
import uuid

import jwt

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.replies import Verdict, verdict

ALGORITHM = "HS256"


class PassDesk:
    """Issues them and knows them again."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._lifetime_s = config.jwt_lifetime_s
        self._key = secrets.token_bytes(32)
        self.issued = 0

    def issue(self, application_id: str) -> Verdict:
        """A new one, in the form of KPN's answer."""
        self.issued += 1
        now_s = time.time()
        claims = {
            "application_id": application_id,
            "iat": int(now_s),
            "exp": now_s + self._lifetime_s,
            "jti": str(uuid.uuid4()),
        }
        token = jwt.encode(claims, self._key, ALGORITHM)
        return verdict(200, {"app_level": "demo", "application_Id": application_id, "JWT_token": token})

    def application_of(self, authorization: str) -> str | None:
        """The application that a request's Authorization header speaks for, None where it is worth nothing."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            # Not checked by the library: it knows whole seconds only, and a test may want a token to lapse at once.
            claims = jwt.decode(token, self._key, [ALGORITHM], options={"verify_exp": False})
        except jwt.InvalidTokenError:
            return None
        return str(claims["application_id"]) if time.time() < claims["exp"] else None
