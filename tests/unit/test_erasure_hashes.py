"""The hash that stays of an erased number: it tells that number again, under the one secret, and nothing else."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from dialer.erasures.hashes import MARK, erasure_secret, fingerprint, suppressed_digest
from dialer.settings import Settings

SECRET = "a secret of sixteen or more"
NUMBER = "+31612345678"
numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


def test_hash_is_an_hmac_behind_a_mark() -> None:
    """It is HMAC-SHA-256 in base64 behind a mark with which no address begins: stored for good, so it stays so."""
    assert "~HivDgojZT-11" == suppressed_digest(NUMBER, SECRET)[:13]
    assert 1 + 43 == len(suppressed_digest(NUMBER, SECRET))


def test_text_that_is_no_text_has_one_too() -> None:
    """Half of a pair, as JSON may hold it, is no reason to refuse an erasure."""
    assert suppressed_digest("\ud800", SECRET) != suppressed_digest("\ud801", SECRET)


def test_without_a_secret_there_is_none() -> None:
    """A dialer without the secret keeps no hashes, and asks for none."""
    assert "" == suppressed_digest(NUMBER, "") == erasure_secret(Settings())
    assert SECRET == erasure_secret(Settings(erasure_secret=SecretStr(SECRET)))


@given(one=numbers, other=numbers)
def test_each_number_has_its_own(one: str, other: str) -> None:
    """Numbers are told apart, and none stands in its hash."""
    assume(one != other)
    assert suppressed_digest(one, SECRET) != suppressed_digest(other, SECRET)
    assert suppressed_digest(one, SECRET).startswith(MARK)


def test_another_secret_makes_others() -> None:
    """Under another secret hash and fingerprint are others, and a fingerprint is no hash."""
    told = {make(secret) for secret in (SECRET, SECRET + "!") for make in (fingerprint, _hash)}
    assert 4 == len(told)


def _hash(secret: str) -> str:
    return suppressed_digest(NUMBER, secret)
