"""What the dialer itself says: how to confirm, join, hear it again or opt out, in the languages it has words for.

Where a text tells its keys already, nothing is added; where it does not and there are no words for its language, the
script must bring its own. A key counts as told when it stands in one sentence with a word for pressing: too few are
recognised rather than too many, since hearing a key twice does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n")
_TAGS_AND_PLACES = re.compile(r"<[^>]*>|\{\{[^}]*\}\}")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one language. `{key}` is where a key's name goes.

    Attributes:
        pressing: the beginnings of words for pressing a key.
        star, hash: what `*` and `#` are called, in the phrases and when they are looked for.
    """

    confirm: str
    repeat: str
    opt_out: str
    confirmed: str
    opted_out: str
    wrong_key: str
    join: str
    declined: str
    too_late: str
    settled: str
    pressing: tuple[str, ...]
    star: str
    hash: str

    def name(self, key: str) -> str:
        """What a key is called."""
        return {"*": self.star, "#": self.hash}.get(key, key)

    def tells(self, text: str, key: str) -> bool:
        """Whether a text says that this key may be pressed."""
        named = rf"(?<![0-9]){key}(?![0-9])" if key.isdigit() else rf"\{key}|\b{self.name(key)}(?:taste)?\b"
        pressed = rf"\b(?:{'|'.join(self.pressing)})"
        sentences = _SENTENCES.split(_TAGS_AND_PLACES.sub(" ", text).casefold())
        return any(re.search(named.casefold(), each) and re.search(pressed, each) for each in sentences)


_PHRASES: Mapping[str, Phrases] = {
    "nl": Phrases(
        confirm="Toets {key} om te bevestigen.",
        repeat="Toets {key} om dit bericht nog eens te horen.",
        opt_out="Toets {key} als u niet meer gebeld wilt worden.",
        confirmed="Dank u. Uw bevestiging is ontvangen.",
        opted_out="Uw nummer wordt niet meer gebeld.",
        wrong_key="Die toets kan hier niet worden gekozen.",
        join="Toets {key} om deel te nemen.",
        declined="U neemt niet deel aan het gesprek. Tot ziens.",
        too_late="Het gesprek is al afgelopen. Tot ziens.",
        settled="Dank u. Het is al afgehandeld.",
        pressing=("toets", "druk", "kies"),
        star="sterretje",
        hash="hekje",
    ),
    "en": Phrases(
        confirm="Press {key} to confirm.",
        repeat="Press {key} to hear this message again.",
        opt_out="Press {key} if you do not want to be called again.",
        confirmed="Thank you. Your confirmation has been received.",
        opted_out="Your number will not be called again.",
        wrong_key="That key cannot be chosen here.",
        join="Press {key} to join.",
        declined="You have not joined the conference. Goodbye.",
        too_late="The conference is over already. Goodbye.",
        settled="Thank you. It has been settled already.",
        pressing=("press", "dial", "push", "choose"),
        star="star",
        hash="hash",
    ),
    "de": Phrases(
        confirm="Drücken Sie {key}, um zu bestätigen.",
        repeat="Drücken Sie {key}, um diese Nachricht noch einmal zu hören.",
        opt_out="Drücken Sie {key}, wenn Sie nicht mehr angerufen werden möchten.",
        confirmed="Vielen Dank. Ihre Bestätigung ist eingegangen.",
        opted_out="Ihre Nummer wird nicht mehr angerufen.",
        wrong_key="Diese Taste kann hier nicht gewählt werden.",
        join="Drücken Sie {key}, um teilzunehmen.",
        declined="Sie nehmen nicht an der Konferenz teil. Auf Wiederhören.",
        too_late="Die Konferenz ist bereits beendet. Auf Wiederhören.",
        settled="Vielen Dank. Es ist bereits erledigt.",
        pressing=("drück", "wähl", "taste"),
        star="Stern",
        hash="Raute",
    ),
    "fr": Phrases(
        confirm="Appuyez sur {key} pour confirmer.",
        repeat="Appuyez sur {key} pour réécouter ce message.",
        opt_out="Appuyez sur {key} si vous ne souhaitez plus être appelé.",
        confirmed="Merci. Votre confirmation a été enregistrée.",
        opted_out="Votre numéro ne sera plus appelé.",
        wrong_key="Cette touche ne peut pas être choisie ici.",
        join="Appuyez sur {key} pour participer.",
        declined="Vous ne participez pas à la conférence. Au revoir.",
        too_late="La conférence est déjà terminée. Au revoir.",
        settled="Merci. C'est déjà réglé.",
        pressing=("appuy", "tapez", "touche", "compos"),
        star="étoile",
        hash="dièse",
    ),
}

LANGUAGES = tuple(_PHRASES)


def phrases(language: str) -> Phrases | None:
    """The phrases for a language (`nl-BE` speaks those of `nl`), None where there are none."""
    return _PHRASES.get(language.partition("-")[0])
