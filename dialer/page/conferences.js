/** Conferences: which there are, and one of them with its members as they come and go. */
import { ask, post } from "./api.js";
import { confirm } from "./confirm.js";
import { count, duration, moment, secondsUntil } from "./format.js";
import { repeat } from "./live.js";
import { Action, Badge, Empty, Field, Loading, Notice, Title, Trouble } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";

const EVERY_MS = 1000;
const LIST_MS = 3000;
const SHOWN = 20;
const STATES = { draft: "Draft", waiting: "Waiting to begin", running: "Running", over: "Over" };
const MEMBERS = {
  in: "In the conference",
  deciding: "Picked up, deciding",
  ringing: "Ringing",
  waiting: "To be called",
  left: "Left",
  declined: "Declined",
  voicemail: "Voicemail",
  too_late: "Too late",
  not_reached: "Not reached",
  not_called: "Not called",
};
/** Who is so comes by no call that the dialer makes by itself. */
const GONE = new Set(["declined", "too_late", "not_reached", "not_called"]);
const BADGES = { in: "d-confirmed", deciding: "s-live", ringing: "s-live", running: "s-running", waiting: "s-paused", not_reached: "d-failed", declined: "d-failed" };

export function ConferencesView() {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => repeat(LIST_MS, () => ask(`/v1/conferences?limit=${SHOWN}`).then((told) => (setFound(told.conferences), setError(null)), setError)), []);
  return html`<${Title} text="Conferences" /><${Trouble} error=${error} />
    ${found ? null : html`<${Loading} />`}
    ${found && !found.length ? html`<${Empty}>There is no conference. “dialer conference start” calls people into one.<//>` : null}
    <ul class="cards">${found?.map((one) => html`<li key=${one.id} class="card"><div class="head">
      <h3><a href=${`#/conferences/${one.id}`}>${one.name}</a></h3><${Badge} kind=${BADGES[one.state] ?? ""}>${STATES[one.state] ?? one.state}<//>
      <span class="left">${one.state === "over" ? `over ${moment(one.over_at)}` : `${count(one.counts.in)} of ${count(one.members.length)} in`}</span>
    </div></li>`)}</ul>`;
}

export function ConferenceView({ id }) {
  const [seen, setSeen] = useState(null);
  const [error, setError] = useState(null);
  const look = () => ask(`/v1/conferences/${id}`).then((told) => (setSeen(told), setError(null)), setError);
  useEffect(() => repeat(EVERY_MS, look), [id]);
  if (!seen) return html`<${Title} text="Conference" />${error ? html`<${Trouble} error=${error} />` : html`<${Loading} />`}`;
  const over = seen.state === "over";
  const missed = seen.state === "waiting" ? seen.members.find((one) => one.moderator && GONE.has(one.state)) : null;
  const up = seen.counts.in + seen.counts.deciding + seen.counts.ringing;
  const end = () =>
    confirm({
      title: `End “${seen.name}”?`,
      says: [`${count(up)} ${up === 1 ? "call is" : "calls are"} up: all are hung up on within seconds. ${count(seen.counts.waiting)} still to be called are not called any more.`, "A conference that is over cannot be begun again."],
      verb: "End conference",
      keep: "Let them talk",
      danger: true,
      run: () => post(`/v1/conferences/${id}/end`).then(setSeen),
    });
  return html`<p class="path"><a href="#/conferences">Conferences</a></p>
    <${Title} text=${seen.name}><div class="marks"><${Badge} kind=${BADGES[seen.state] ?? ""}>${STATES[seen.state] ?? seen.state}<//></div>
      ${over ? null : html`<div class="buttons"><${Action} needs=${["operate", "launch"]} kind="danger quiet" label="End conference" onClick=${end} /></div>`}<//>
    <${Trouble} error=${error} />
    ${over ? html`<${Notice}>Over since ${moment(seen.over_at)}${seen.reason ? `: ${seen.reason}` : ""}. <a href=${`#/campaigns/${id}`}>Its calls and recordings</a><//>` : null}
    ${missed ? html`<${Notice} kind="warn">It waits for its moderator, ${missed.name ?? missed.id ?? missed.number}, who is not there and is not called by itself any more: call again, or end it.<//>` : null}
    <section class="panel" aria-label="Members"><h2>${count(seen.counts.in)} in <small>of ${count(seen.members.length)} members</small></h2>
      <ul class="members">${seen.members.map((member) => html`<${Member} key=${member.call_id} member=${member} conference=${seen} then=${look} />`)}</ul>
    </section>
    ${over ? null : html`<${Add} id=${id} then=${look} />`}`;
}

function Member({ member, conference, then }) {
  const [error, setError] = useState(null);
  const who = member.name ?? member.id ?? member.number;
  const order = (verb) => () => post(`/v1/conferences/${conference.id}/members/${member.call_id}/${verb}`).then(() => (setError(null), then()), setError);
  const drop = () =>
    confirm({ title: `Hang up on ${who}?`, says: ["This member is out within about a second, and is not called again unless you say so. The others go on."], verb: "Hang up", keep: "Let them talk", danger: true, run: order("drop") });
  const isUp = ["in", "deciding", "ringing"].includes(member.state);
  const buttons = [
    member.state === "in" ? [member.muted ? "unmute" : "mute", member.muted ? "Unmute" : "Mute", order(member.muted ? "unmute" : "mute")] : null,
    isUp ? ["drop", "Hang up", drop] : null,
    !isUp && conference.state !== "over" ? ["call-again", "Call again", order("call-again")] : null,
  ].filter(Boolean);
  return html`<li class=${`member ${member.state}`}>
    <div><a href=${`#/calls/${member.call_id}`}>${who}</a> ${member.name || member.id ? html`<small>${member.number}</small>` : null}${member.moderator ? html` <${Badge}>Moderator<//>` : null}${member.muted ? html` <${Badge} kind="s-paused">Muted<//>` : null}</div>
    <div><${Badge} kind=${BADGES[member.state] ?? ""}>${MEMBERS[member.state] ?? member.state}<//> <small>${member.since ? duration(-secondsUntil(member.since)) : ""}</small></div>
    <div class="buttons" role="group" aria-label=${`Steer ${who}`}>${buttons.map(([verb, label, run]) => html`<${Action} key=${verb} needs=${["operate"]} label=${label} onClick=${run} kind=${verb === "drop" ? "danger quiet" : ""} />`)}</div>
    <${Trouble} error=${error} />
  </li>`;
}

function Add({ id, then }) {
  const [given, setGiven] = useState({ number: "", name: "" });
  const [error, setError] = useState(null);
  const add = (event) => {
    event.preventDefault();
    const body = { number: given.number.trim(), ...(given.name.trim() ? { name: given.name.trim() } : {}) };
    if (!body.number) return;
    post(`/v1/conferences/${id}/members`, body).then(() => (setGiven({ number: "", name: "" }), setError(null), then()), setError);
  };
  const typed = (name) => (event) => setGiven({ ...given, [name]: event.target.value });
  return html`<form class="panel" onSubmit=${add} aria-label="Call one more"><h2>Call one more</h2><div class="fields">
    <${Field} label="Number"><input inputmode="tel" value=${given.number} onInput=${typed("number")} /><//>
    <${Field} label="Name"><input value=${given.name} onInput=${typed("name")} /><//></div>
    <${Trouble} error=${error} /><p class="after"><${Action} needs=${["launch"]} type="submit" kind="primary" label="Call now" /></p></form>`;
}
