/** One call: where it stands and why, and a time line of everything that was tried and heard, with its recordings. */
import { ask, post } from "./api.js";
import { person } from "./calls.js";
import { confirm } from "./confirm.js";
import { euro, exactly, localized, moment } from "./format.js";
import { repeat } from "./live.js";
import { Action, CallState, Empty, Loading, Title, Trouble } from "./parts.js";
import { Player } from "./player.js";
import { html, useEffect, useState } from "./preact.js";
import { DISPOSITIONS, EVENTS } from "./words.js";

const EVERY_MS = 2000;
const RESTING_MS = 15_000;

export function CallView({ id }) {
  const [call, setCall] = useState(null);
  const [why, setWhy] = useState(null);
  const [error, setError] = useState(null);
  const [read, setRead] = useState(0);
  const done = call?.state === "done";
  useEffect(() => repeat(done ? RESTING_MS : EVERY_MS, () => Promise.all([ask(`/v1/calls/${id}`).then(setCall), ask(`/v1/calls/${id}/explain`).then(setWhy)]).then(() => setError(null), setError)), [id, done, read]);
  if (!call) return html`<${Title} text="Call" />${error ? html`<${Trouble} error=${error} />` : html`<${Loading} />`}`;
  const again = () => setRead((n) => n + 1);
  return html`<p class="path"><a href="#/">Campaigns</a> / <a href=${`#/campaigns/${call.campaign_id}`}>${why?.campaign_name ?? call.campaign_id}</a></p>
    <${Title} text=${call.number}><div class="marks"><${CallState} call=${call} /><span class="kind">${person(call)}</span></div>
      ${call.state === "live" ? html`<div class="buttons"><${Action} needs=${["operate"]} kind="danger quiet" label="Hang up" onClick=${() => hangUp(call).then(again)} /></div>` : null}
    <//>
    <${Trouble} error=${error} />
    <div class="columns"><${TimeLine} call=${call} /><${Facts} call=${call} why=${why} /></div>`;
}

const hangUp = (call) =>
  confirm({
    title: `Hang up on ${call.number}?`,
    says: ["The call is ended within about a second, in mid-sentence too.", "This person is not dialed again by this call."],
    verb: "Hang up",
    keep: "Let it go on",
    danger: true,
    run: () => post(`/v1/calls/${call.id}/orders`, { do: "hang_up" }),
  });

function Facts({ call, why }) {
  const values = Object.entries(call.variables);
  return html`<aside class="panel" aria-label="About this call">
    ${why ? html`<p class="why">${localized(why.words)}</p>` : null}
    <dl class="rules">
      <dt>Tries</dt><dd>${call.tries}${why?.max_tries ? ` of ${why.max_tries} at most` : ""}</dd>
      ${call.others.length ? html`<dt>Other numbers</dt><dd>${call.others.join(", ")}</dd>` : null}
      ${call.due_at && call.state !== "done" ? html`<dt>Due</dt><dd>${moment(call.due_at)}</dd>` : null}
      ${why?.zones.length ? html`<dt>Clock</dt><dd>${why.zones.join(", ")}</dd>` : null}
      ${call.expires_at ? html`<dt>Too late after</dt><dd>${moment(call.expires_at)}</dd>` : null}
      ${call.external_id ? html`<dt>Your id</dt><dd>${call.external_id}</dd>` : null}
      ${values.map(([name, value]) => html`<dt key=${name} class="variable">${name}</dt><dd key=${`${name}=`}>${value}</dd>`)}
      <dt>Id</dt><dd><code>${call.id}</code></dd>
    </dl>
  </aside>`;
}

function TimeLine({ call }) {
  return html`<section class="panel" aria-label="Time line"><h2>Time line</h2>
    ${call.attempts.length ? null : html`<${Empty}>It was not dialed yet.<//>`}
    <ol class="attempts">${call.attempts.map((attempt) => html`<${Attempt} key=${attempt.id} attempt=${attempt} />`)}</ol>
  </section>`;
}

function Attempt({ attempt }) {
  const began = attempt.placed_at ?? attempt.events[0]?.received_at;
  const events = [...attempt.events].sort((a, b) => at(a).localeCompare(at(b)));
  return html`<li class="attempt">
    <h3>Try ${attempt.number} <small>${attempt.dialed} over ${attempt.trunk}</small>
      ${attempt.disposition ? html` <${CallState} call=${{ state: "done", disposition: attempt.disposition }} />` : html` <${CallState} call=${{ state: "live" }} />`}</h3>
    <ol class="events">
      ${attempt.placed_at ? html`<${Step} when=${attempt.placed_at} began=${began} what="Asked of the carrier" note=${attempt.result ?? ""} />` : null}
      ${events.map((event, place) => html`<${Step} key=${place} when=${at(event)} began=${began} what=${EVENTS[event.kind] ?? event.kind.replaceAll("_", " ")} note=${told(event.payload)} />`)}
      ${attempt.disposition ? html`<li class="end"><span>${DISPOSITIONS[attempt.disposition]}</span><small>${figures(attempt)}</small></li>` : null}
    </ol>
    ${attempt.recordings.map((id) => html`<${Player} key=${id} id=${id} />`)}
  </li>`;
}

const at = (event) => event.at ?? event.received_at;

function Step({ when, began, what, note }) {
  const after = began ? (new Date(when) - new Date(began)) / 1000 : 0;
  return html`<li><time datetime=${when} title=${when}>${exactly(when)}</time> <em>${after > 0 ? `+${after.toFixed(1)} s` : ""}</em> <span>${what}</span> <small>${note}</small></li>`;
}

/** What an event says besides its kind, as far as a person wants to know. */
function told(payload) {
  const shown = ["status", "sub_state", "detail", "reason", "digits", "duration", "speech"];
  return shown.map((name) => payload[name]).filter((value) => ["string", "number"].includes(typeof value) && value !== "").join(" · ");
}

function figures({ keys, figures: { duration_s, price, sip_code, disconnected_by } }) {
  const said = [keys && `pressed ${keys}`, duration_s && `${duration_s} s`, price && euro(price), sip_code && `SIP ${sip_code}`, disconnected_by && `ended by ${disconnected_by}`];
  return said.filter(Boolean).join(" · ");
}
