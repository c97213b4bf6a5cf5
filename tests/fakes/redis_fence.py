"""What keeps strangers from a Redis: TLS with certificates on both sides, and the users of deploy/redis/users.acl."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.certificates import Certificates

USERS = Path(__file__).parents[2] / "deploy" / "redis" / "users.acl"
PASSWORD = "p@ss/word of a user"
_OPERATOR = f"user operator on >{PASSWORD.replace(' ', '_')} ~* &* +@all"


@dataclass(frozen=True, slots=True)
class Fence:
    """For servers and sentinels; all users have one password."""

    certificates: Certificates

    @property
    def password(self) -> str:
        """What every user of the test has; in a file of users no space may stand."""
        return PASSWORD.replace(" ", "_")

    @property
    def guard(self) -> dict[str, Any]:
        """How an operator reaches a sentinel."""
        return {**_tls(self.certificates), "password": self.password}

    @property
    def operator(self) -> dict[str, Any]:
        """How an operator reaches a server."""
        return {**self.guard, "username": "operator"}

    def settings(self, hosts: str, service: str) -> dict[str, str]:
        """The dialer's settings, for the sentinels at these addresses."""
        return {
            "REDIS_URL": f"rediss+sentinel://dialer@{hosts}/{service}",
            "REDIS_PASSWORD": self.password,
            "REDIS_SENTINEL_PASSWORD": self.password,
            "REDIS_CA_FILE": str(self.certificates.authority),
            "REDIS_CERT_FILE": str(self.certificates.client),
            "REDIS_KEY_FILE": str(self.certificates.client_key),
        }

    def of_server(self, folder: Path, port: int) -> list[str]:
        """Lines of a server's file."""
        users = folder / "users.acl"
        users.write_text(f"{allowed_users(self.password)}{_OPERATOR}\n")
        masters = ["masteruser replica", f"masterauth {self.password}"]
        return [*self._listening(port), f"aclfile {users}", *masters, "tls-replication yes"]

    def of_sentinel(self, port: int) -> list[str]:
        """Lines of a sentinel's file."""
        service = ["sentinel auth-user dialer sentinel", f"sentinel auth-pass dialer {self.password}"]
        own = [f"requirepass {self.password}", f"sentinel sentinel-pass {self.password}"]
        return [*self._listening(port), "tls-replication yes", *service, *own]

    def _listening(self, port: int) -> list[str]:
        made = self.certificates
        files = [f"tls-cert-file {made.server}", f"tls-key-file {made.server_key}"]
        return ["port 0", f"tls-port {port}", *files, f"tls-ca-cert-file {made.authority}", "tls-auth-clients yes"]


def allowed_users(password: str) -> str:
    """The users as they are deployed, all with this password."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return re.sub(r"#REPLACE_\w+", f"#{digest}", USERS.read_text())


def _tls(made: Certificates) -> dict[str, Any]:
    return {
        "ssl": True,
        "ssl_ca_certs": str(made.authority),
        "ssl_certfile": str(made.client),
        "ssl_keyfile": str(made.client_key),
        "ssl_check_hostname": True,
        "lib_name": None,
        "lib_version": None,
    }
