"""Examples for the help of commands, by their names. Tests read each as the command line does."""

from __future__ import annotations

from collections.abc import Mapping

import click

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": (
        "dialer demo",
        "dialer up --simulate",
        'dialer campaign run people.csv --text "Hello {{ name }}, the power is back." --language en-GB',
        "dialer status",
    ),
    "campaign run": (
        'dialer campaign run people.csv --text "Hello {{ name }}." --language nl-NL --confirm-key 1',
        "dialer campaign run people.xlsx --script menu.json --map number=Telefoon --redial busy=2/5m --fail-unreached",
        'dialer campaign run people.csv --text "Hello." --dry-run',
    ),
    "campaign create": ('dialer campaign create "Power cut" --text "Hello {{ name }}." --window mo-fr=09:00-20:00',),
    "campaign again": ('dialer campaign again c5hk2m9x4tdq --name "Second round" --disposition no_answer',),
    "campaign import": (
        "dialer campaign import c5hk2m9x4tdq people.csv",
        "dialer campaign import c5hk2m9x4tdq people.csv --dry-run",
    ),
    "campaign show": ("dialer campaign show c5hk2m9x4tdq --json",),
    "campaign explain": ("dialer campaign explain c5hk2m9x4tdq",),
    "campaign watch": ("dialer campaign watch c5hk2m9x4tdq --fail-unreached",),
    "campaign check": (
        "dialer campaign check c5hk2m9x4tdq --assume answered=0.7",
        'dialer campaign check --file people.csv --text "Hello."',
    ),
    "campaign start": ("dialer campaign start c5hk2m9x4tdq",),
    "campaign pause": ("dialer campaign pause c5hk2m9x4tdq",),
    "campaign resume": ("dialer campaign resume c5hk2m9x4tdq",),
    "campaign cancel": ("dialer campaign cancel c5hk2m9x4tdq",),
    "campaign hang-up": ("dialer campaign hang-up c5hk2m9x4tdq --yes",),
    "campaign change": ("dialer campaign change c5hk2m9x4tdq --weight 3 --slots none",),
    "campaign windows": ("dialer campaign windows c5hk2m9x4tdq --window mo-fr=09:00-20:00 --closed 2026-12-31",),
    "campaign results": (
        "dialer campaign results c5hk2m9x4tdq --not-reached --output left.csv",
        "dialer campaign results c5hk2m9x4tdq --format ndjson",
    ),
    "call": ('dialer call +31612345678 --text "Alarm in server room 2." --language en-GB --priority urgent',),
    "conference start": (
        'dialer conference start team.csv --text "Crisis meeting." --language en-GB --join-key 1 --follow',
    ),
    "conference show": ("dialer conference show c5hk2m9x4tdq",),
    "conference watch": ("dialer conference watch c5hk2m9x4tdq",),
    "conference add": ("dialer conference add c5hk2m9x4tdq +31612345678 --variable name=Bob",),
    "conference end": ("dialer conference end c5hk2m9x4tdq",),
    "conference mute": ("dialer conference mute c5hk2m9x4tdq +31612345678",),
    "conference unmute": ("dialer conference unmute c5hk2m9x4tdq bob",),
    "conference drop": ("dialer conference drop c5hk2m9x4tdq bob",),
    "conference call-again": ("dialer conference call-again c5hk2m9x4tdq bob",),
    "escalation start": (
        "dialer escalation start alarm.json --follow",
        'dialer escalation start team.csv --text "Pump 3 stands still." --language en-GB --wait 2m --needed 2',
    ),
    "escalation show": ("dialer escalation show c5hk2m9x4tdq",),
    "escalation watch": ("dialer escalation watch c5hk2m9x4tdq",),
    "escalation confirm": ('dialer escalation confirm c5hk2m9x4tdq +31612345678 --by "desk two"',),
    "escalation end": ("dialer escalation end c5hk2m9x4tdq",),
    "control": ("dialer control c5hk2m9x4tdq-1 mute", 'dialer control c5hk2m9x4tdq-1 talk "One minute left."'),
    "status": ("dialer status", "dialer status --json"),
    "explain": ("dialer explain c5hk2m9x4tdq-1", "dialer explain +31612345678"),
    "find": ("dialer find +31612345678",),
    "recording list": ("dialer recording list --campaign c5hk2m9x4tdq --state failed",),
    "recording show": ("dialer recording show rq4x7m2k5t3d6w8n9",),
    "recording download": ("dialer recording download rq4x7m2k5t3d6w8n9 --output answer.wav",),
    "recording delete": ("dialer recording delete rq4x7m2k5t3d6w8n9",),
    "audit list": ("dialer audit list --campaign c5hk2m9x4tdq --from 2026-12-01T00:00:00+01:00",),
    "audit export": ("dialer audit export audit.ndjson",),
    "suppress add": ("dialer suppress add +31612345678", "dialer suppress add +31612345678 --list newsletter"),
    "suppress remove": ("dialer suppress remove +31612345678",),
    "suppress check": ("dialer suppress check +31612345678",),
    "suppress import": ("dialer suppress import people.csv --list newsletter",),
    "suppress export": ("dialer suppress export --output numbers.csv",),
    "suppress drop-list": ("dialer suppress drop-list newsletter",),
    "erase": ('dialer erase +31612345678 --suppress --by "privacy desk"',),
    "key create": ("dialer key create billing --role read --expires 90d",),
    "key revoke": ("dialer key revoke k4x7m2k5t3d6",),
    "callback retry": ("dialer callback retry c5hk2m9x4tdq-1042-ended",),
    "callback drop": ("dialer callback drop c5hk2m9x4tdq-1042-ended",),
    "voices": ("dialer voices nl",),
    "app create": ('dialer app create --name "Alarm line"',),
    "app change": ("dialer app change --event-url https://dialer.example.com/webhooks/unused",),
    "app delete": ("dialer app delete 2f9f0b1e-0c7c-4d1c-9d63-0e7d3a0f8b11",),
    "demo": ("dialer demo --people 200 --rate 10",),
    "up": ("dialer up --simulate --workers 2",),
    "doctor": ("dialer doctor", "dialer doctor --test-call +31612345678"),
    "restored": (
        "dialer restored --by anna",
        "dialer restored --by anna --since 2026-12-01T09:30:00+01:00",
        "dialer restored --by anna --by-hand",
    ),
    "migrate": ("dialer migrate --dry-run", "dialer migrate"),
    "simulate": ("dialer simulate --lifelike --webhook-fault doubled=0.1 --place-fault lost_reply=1/20",),
    "completion": (
        "dialer completion bash >> ~/.bashrc",
        "dialer completion fish > ~/.config/fish/completions/dialer.fish",
    ),
}
"""Those of `dialer` itself are under the empty name."""


def give_examples(command: click.Command, name: str) -> None:
    """Put them below the help of a command and of those within it."""
    if name in EXAMPLES:
        command.epilog = told(name)
    for within in command.commands.values() if isinstance(command, click.Group) else ():
        give_examples(within, f"{name} {within.name}")


def told(name: str) -> str:
    """The examples of a command as a paragraph that is not folded."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in EXAMPLES[name])])
