"""The token in a callback's URL: ours are read back, everything else is nobody's."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dialer.settings import Settings
from dialer.tokens import callback_url, make_token, read_token

SECRET = "a secret of sixteen or more"
TOKEN = make_token(SECRET, "c5hk-12-2")
IN_A_PATH = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def test_a_token_says_whose_it_is() -> None:
    """A token of ours reads back as its attempt, and fits a URL's path as it is."""
    assert "c5hk-12-2" == read_token(SECRET, TOKEN)
    assert set(TOKEN) <= IN_A_PATH


@given(attempt_id=any_text, secret=st.text(min_size=1, max_size=40))
def test_any_id_reads_back(attempt_id: str, secret: str) -> None:
    """Whatever the id and the secret, making and reading are inverse."""
    assume(not any("\ud800" <= letter <= "\udfff" for letter in attempt_id))
    assert attempt_id == read_token(secret, make_token(secret, attempt_id))


@given(secret=st.text(min_size=1))
def test_another_secret_reads_nothing(secret: str) -> None:
    """A token made with another secret is not ours."""
    assume(secret != SECRET)
    assert None is read_token(SECRET, make_token(secret, "c5hk-12-2"))


@given(position=st.integers(0, len(TOKEN) - 1), letter=st.characters(codec="utf-8"))
def test_no_letter_can_be_altered(position: int, letter: str) -> None:
    """A token with any one letter altered is not ours, in the attempt's id as in the proof."""
    altered = TOKEN[:position] + letter + TOKEN[position + 1 :]
    assume(altered != TOKEN)
    assert None is read_token(SECRET, altered)


@given(length=st.integers(0, len(TOKEN) - 1))
def test_no_part_of_a_token_is_one(length: int) -> None:
    """A token cut off anywhere, at its end or its beginning, is not ours."""
    assert None is read_token(SECRET, TOKEN[:length])
    assert length == 0 or None is read_token(SECRET, TOKEN[length:])


@given(text=any_text)
def test_odd_text_is_nobodys(text: str) -> None:
    """Any text at all is refused and raises nothing."""
    assert None is read_token(SECRET, text)


@pytest.mark.parametrize(
    "made_up",
    [
        "c5hk-12-2",
        "c5hk-12-2.",
        ".",
        "",
        f"{TOKEN} ",
        f"{TOKEN}=",
        f"{TOKEN}\n",
        "\ud800.\udfff",
        "\udc80." + "x" * 22,
        "a.b.c",
        "\x00",
    ],
)
def test_forgeries_are_nobodys(made_up: str) -> None:
    """What comes near to a token is none."""
    assert None is read_token(SECRET, made_up)


def test_the_proof_of_one_attempt_is_none_of_another() -> None:
    """The proof in a token holds for its attempt only."""
    proof = TOKEN.rpartition(".")[2]

    assert None is read_token(SECRET, f"c5hk-12-3.{proof}")


def test_a_token_of_an_earlier_release_is_ours() -> None:
    """The calls of a dialer that is upgraded are under way, with its tokens in their URLs."""
    assert "c5hk-12-2" == read_token(SECRET, "c5hk-12-2.OxrXBK-A6bhWf1ijKJ72fw")
    assert "OxrXBK-A6bhWf1ijKJ72fw" == TOKEN.rpartition(".")[2]


def test_a_callback_goes_to_our_address_with_its_token() -> None:
    """Under the address that the carrier reaches us by; without a secret, as in a trial, it has one too."""
    with_secret = Settings(public_url="https://dialer.example", webhook_secret=SECRET)
    without = Settings(public_url="https://dialer.example")

    assert f"https://dialer.example/webhooks/{TOKEN}" == callback_url(with_secret, "c5hk-12-2")
    assert "c5hk-12-2" == read_token("", callback_url(without, "c5hk-12-2").rpartition("/")[2])
