"""The manual's tables are made from the code; run this file as a module to write them anew. Its graph is compared."""

from __future__ import annotations

import re
from collections.abc import Callable

from dialer.explaining.reasons import WORDS, Code
from dialer.metrics.contract import Label
from dialer.metrics.table import CONTRACTS
from dialer.settings import TRUNK_FIELDS, Settings, environment_name, trunk_variable
from dialer.settings.trunks import AS_MAIN, OF_TRUNK
from dialer.states import CALL_STEPS
from tests.fakes.manual import PAGES, README, manual
from tests.fakes.status_table import meanings
from tests.mutation.scores import Score, kept, total
from tests.simulation.mutations import MUTATIONS

RUN = "run: python -m tests.unit.test_manual"


def settings_table() -> str:
    """One row for each setting: variable, default, bounds, meaning."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, {}) else f"`{field.default}`"
        bounds = ", ".join(str(bound) for bound in field.metadata if "=" in str(bound) and "pattern" not in str(bound))
        about = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{environment_name(name)}` | {default} | {about}{_bounds(bounds)} |")
    return "\n".join(rows)


def trunks_table() -> str:
    """One row for each setting of a further trunk."""
    rows = ["| variable | left out | meaning |", "| --- | --- | --- |"]
    for name in TRUNK_FIELDS:
        field = Settings.model_fields[name]
        left_out = "must be given" if name in OF_TRUNK else "as for `main`" if name in AS_MAIN else field.default
        shown = "not signed" if left_out is None else left_out if isinstance(left_out, str) else f"`{left_out}`"
        rows.append(f"| `{trunk_variable('south', name)}` | {shown} | as `{environment_name(name)}` |")
    return "\n".join(rows)


def metrics_table() -> str:
    """One row for each metric: name, type, unit, labels, whose figure it is, meaning, where it is counted."""
    rows = ["| metric | type | unit | labels | of the | meaning | counted in |", "| --- " * 7 + "|"]
    for one in CONTRACTS.values():
        labels = ", ".join(f"`{label.name}`" for label in one.labels)
        columns = (f"`{one.name}`", one.type, one.unit, labels, one.scope, one.meaning, f"`{one.counted}`")
        rows.append(f"| {' | '.join(columns)} |")
    return "\n".join(rows)


def labels_table() -> str:
    """One row for each label of some metrics: which metrics, and all values that it may have."""
    bearers: dict[Label, list[str]] = {}
    for one in CONTRACTS.values():
        for label in one.labels:
            bearers.setdefault(label, []).append(f"`{one.name}`")
    rows = ["| label | of | values |", "| --- | --- | --- |"]
    for label, names in bearers.items():
        values = label.told or ", ".join(f"`{value}`" for value in label.values)
        rows.append(f"| `{label.name}` | {', '.join(names)} | {values} |")
    return "\n".join(rows)


def answers_table() -> str:
    """One row for each meaning of a carrier's answer: the answers, what is seen, the call, the fleet."""
    rows = ["| the carrier's answer | you see | the call | the fleet |", "| --- | --- | --- | --- |"]
    rows += [f"| {'; '.join(answers)} | `{told.seen}` | {told.call} | {told.fleet} |" for told, answers in meanings()]
    return "\n".join(rows)


def reasons_table() -> str:
    """One row for each reason not to be dialed now: its code, and what it means."""
    rows = ["| code | why it is not dialed now |", "| --- | --- |"]
    return "\n".join([*rows, *(f"| `{code}` | {WORDS[code].about} |" for code in Code)])


def protections_table() -> str:
    """One row for each protection that the simulation takes out: the promise that falls, and in runs about what."""
    rows = ["| taken out | found broken | in runs about |", "| --- | --- | --- |"]
    return "\n".join([*rows, *(f"| {name} | {one.breaks} | {one.theme} |" for name, one in MUTATIONS.items())])


def mutants_table() -> str:
    """One row for each file of which a fault lived or is explained; the others of its kind are one row."""
    rows = ["| file of `dialer/` | tried of its faults | noticed | explained | lived | share |"]
    rows.append("| --- " * 6 + "|")
    for told, ending in (("modules", ".py"), ("scripts", ".lua")):
        scores = [score for score in kept() if score.path.endswith(ending)]
        weak = [score for score in scores if score.noticed < score.tried]
        strong = [score for score in scores if score not in weak]
        rows.append(_mutants_row(f"**all {len(scores)} {told}**", total("all", scores)))
        rows += [_mutants_row(_file(score), score) for score in weak]
        rows.append(_mutants_row(", ".join(map(_file, strong)), total("others", strong)))
    return "\n".join(rows)


def _mutants_row(told: str, score: Score) -> str:
    lives = score.counts["survived"]
    row = (told, f"{score.tried} of {score.made}", score.noticed, score.counts["explained"], lives, score.share)
    return f"| {' | '.join(map(str, row))} |"


def _file(score: Score) -> str:
    return f"`{score.path.removeprefix('dialer/')}`"


TABLES = {
    "settings": settings_table,
    "trunks": trunks_table,
    "metrics": metrics_table,
    "labels": labels_table,
    "answers": answers_table,
    "reasons": reasons_table,
    "protections": protections_table,
    "mutants": mutants_table,
}


def _bounds(text: str) -> str:
    found = dict(re.findall(r"(Ge|Gt|Le|Lt|MinLen)\(\w+=([\d.]+)\)", text))
    if "Le" in found:
        low = found.get("Ge") or f"above {found.get('Gt', '0')}"
        return f" ({low} to {found['Le']})"
    return ""


def _between(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    assert found, f"the manual has no place for the table {name}"
    return found[1]


def test_settings_table_is_that_of_the_code() -> None:
    """The manual tells every setting with its default, bounds and meaning."""
    assert settings_table() == _between(manual(), "settings"), RUN


def test_table_of_trunk_settings_is_that_of_the_code() -> None:
    """The manual tells every setting that a further trunk has of its own."""
    assert trunks_table() == _between(manual(), "trunks"), RUN


def test_metrics_table_is_that_of_the_code() -> None:
    """The manual tells every metric with its contract."""
    assert metrics_table() == _between(manual(), "metrics"), RUN


def test_table_of_labels_is_that_of_the_code() -> None:
    """The manual tells every value that a label may have."""
    assert labels_table() == _between(manual(), "labels"), RUN


def test_table_of_answers_is_that_of_the_tests() -> None:
    """What the manual says of the carrier's answers is what `test_status_table.py` acts out, row by row."""
    assert answers_table() == _between(manual(), "answers"), RUN


def test_table_of_reasons_is_that_of_the_code() -> None:
    """The manual tells every reason not to be dialed now, the strongest first."""
    assert reasons_table() == _between(manual(), "reasons"), RUN


def test_table_of_protections_is_that_of_the_simulation() -> None:
    """What the manual says is taken out of simulated runs is what the simulation takes out."""
    assert protections_table() == _between(manual(), "protections"), RUN


def test_table_of_mutants_is_what_was_measured() -> None:
    """The manual tells of the small faults what the last measurement of each file found."""
    assert mutants_table() == _between(manual(), "mutants"), RUN


def test_graph_shows_every_step_of_a_call() -> None:
    """The README's picture of a call has the steps that are allowed, all of them and no others."""
    drawn = re.findall(r"^    (\w+) --> (\w+):", README.read_text("utf-8"), re.MULTILINE)
    assert sorted((before, after) for before, steps in CALL_STEPS.items() for after in steps) == sorted(drawn)


def test_links_lead_somewhere() -> None:
    """Each link of the manual within the repository leads to a file, and to a heading that is there."""
    for page in PAGES:
        for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name}: {target}"
            assert not heading or heading in _anchors(path.read_text("utf-8")), f"{page.name}: {target}#{heading}"


def test_every_page_is_in_the_table() -> None:
    """A page that nobody finds helps nobody."""
    assert {page for page in PAGES if page != README} == set(README.parent.glob("docs/*.md"))


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _write() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        for name, table in TABLES.items():
            text = re.sub(rf"(<!-- {name} -->\n).*?(\n?<!-- /{name} -->)", _around(table()), text, flags=re.DOTALL)
        page.write_text(text, "utf-8")


def _around(table: str) -> Callable[[re.Match[str]], str]:
    return lambda marks: f"{marks[1]}{table}\n{marks[2].lstrip()}"


if __name__ == "__main__":
    _write()
