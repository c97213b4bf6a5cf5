/** How far an escalation is: which step is on, who has confirmed, how everybody stands; to end it, or confirm for somebody. */
import { ask, post } from "./api.js";
import { confirm } from "./confirm.js";
import { count, moment } from "./format.js";
import { repeat } from "./live.js";
import { Action, Badge, Notice, Trouble } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";
import { UNSETTLED } from "./words.js";

const EVERY_MS = 1500;

export function Escalation({ id }) {
  const [seen, setSeen] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => repeat(EVERY_MS, () => ask(`/v1/escalations/${id}`).then((told) => (setSeen(told), setError(null)), setError)), [id]);
  if (!seen) return html`<${Trouble} error=${error} />`;
  const over = Boolean(seen.over_at);
  const end = () =>
    confirm({
      title: `End “${seen.name}”?`,
      says: ["From now on nobody is called, and what rings is hung up within seconds. Whoever is listening is not cut off.", `${count(seen.confirmations.length)} of ${count(seen.needed)} needed have confirmed.`],
      verb: "End escalation",
      keep: "Go on calling",
      done: "It is over.",
      danger: true,
      run: () => post(`/v1/escalations/${id}/end`).then(setSeen),
    });
  return html`<section class="panel" aria-label="Escalation">
    <div class="bar-of-tools"><h2>${count(seen.confirmations.length)} of ${count(seen.needed)} confirmed
      <small>${seen.step ? `step ${seen.step} of ${seen.steps}${seen.rounds > 1 ? `, round ${seen.round} of ${seen.rounds}` : ""}` : ""}${!over && seen.next_at ? `, until ${moment(seen.next_at)}` : ""}</small></h2>
      ${over ? null : html`<${Action} needs=${["operate", "launch"]} kind="danger quiet" label="End escalation" onClick=${end} />`}</div>
    ${over ? html`<${Notice} kind=${seen.confirmations.length >= seen.needed ? "good" : "warn"}>Over since ${moment(seen.over_at)}${seen.reason ? `: ${UNSETTLED[seen.reason] ?? seen.reason}` : ""}.<//>` : null}
    <${Trouble} error=${error} />
    <ul class="members">${seen.people.map((one) => html`<${Person} key=${one.id ?? one.number} person=${one} escalation=${seen} over=${over} then=${setSeen} />`)}</ul>
  </section>`;
}

function Person({ person, escalation, over, then }) {
  const who = person.name ?? person.id ?? person.number;
  const confirmed = escalation.confirmations.find((one) => one.number === person.number && one.id === person.id);
  const byHand = () =>
    confirm({
      title: `Confirm for ${who}?`,
      says: [over ? "It ended in vain. From now on it is told as taken over, and nobody is alarmed about it any more." : "It counts like a key that was pressed, and is noted as by hand. Once enough have confirmed nobody is called any more."],
      verb: "Confirm",
      keep: "Do nothing",
      done: "Confirmed.",
      run: () => post(`/v1/escalations/${escalation.id}/confirm`, { person: person.id ?? person.number, by: "operator page" }).then(then),
    });
  return html`<li class="member">
    <div><b>${who}</b> <small>${person.number} · step ${person.steps.join(", ")}</small></div>
    <div><${Badge} kind=${person.state === "confirmed" ? "d-confirmed" : ""}>${person.state.replaceAll("_", " ")}<//> <small>${confirmed ? `${moment(confirmed.at)}${confirmed.by_hand ? ` by hand, ${confirmed.by ?? ""}` : ""}` : `${count(person.tries)} ${person.tries === 1 ? "try" : "tries"}`}</small></div>
    <div class="buttons">${(over && !(escalation.reason in UNSETTLED)) || confirmed ? null : html`<${Action} needs=${["operate", "launch"]} label="Confirm for this person" onClick=${byHand} />`}</div>
  </li>`;
}
