/** Whom nobody calls: the lists, one number on and off, and what is on a list, page by page. */
import { ask, post, query } from "./api.js";
import { confirm } from "./confirm.js";
import { count, moment } from "./format.js";
import { Action, Empty, Field, Notice, Title, Trouble } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";

const ALL = "*";
const PAGE = 100;
const named = (list) => (list === ALL ? "every campaign" : `campaigns that keep to “${list}”`);

/** The button that puts a number on a list or takes it off, asked for first. */
export function NumberSwitch({ number, suppressed, list = ALL, then }) {
  const question = suppressed
    ? { title: `Let campaigns call ${number} again?`, says: [`From now on ${named(list)} may call this number, whoever asked that it be left alone. Calls that ended because of it stay ended.`], verb: "Take it off", keep: "Keep it off the phone" }
    : { title: `Let nobody call ${number}?`, says: [`In under a second ${named(list)} ${list === ALL ? "leaves" : "leave"} this number alone, calls about to leave included. A call that is up goes on.`], verb: "Suppress", keep: "Do nothing" };
  const run = () => post(`/v1/suppressions/${suppressed ? "remove" : "add"}`, { number, list }).then(then);
  return html`<${Action} needs=${["operate"]} label=${suppressed ? "Take it off the list …" : "Suppress …"} kind=${suppressed ? "" : "danger quiet"} onClick=${() => confirm({ ...question, run })} />`;
}

export function SuppressionView() {
  const [lists, setLists] = useState([]);
  const [list, setList] = useState(ALL);
  const [read, setRead] = useState(0);
  const [error, setError] = useState(null);
  useEffect(() => {
    ask("/v1/suppression-lists").then((told) => setLists(told.lists), setError);
  }, [read]);
  const size = lists.find((one) => one.name === list)?.size;
  return html`<${Title} text="Suppression" />
    <${Trouble} error=${error} />
    <section class="panel" aria-label="One number">
      <div class="fields"><${Field} label="List" hint="“All campaigns” is kept to by everybody; named ones by those campaigns that say so.">
        <select value=${list} onChange=${(e) => setList(e.target.value)}>
          <option value=${ALL}>All campaigns</option>${lists.filter((one) => one.name !== ALL).map((one) => html`<option key=${one.name} value=${one.name}>${one.name}</option>`)}
        </select><//>
        <${Check} key=${list} list=${list} changed=${() => setRead((n) => n + 1)} />
      </div>
    </section>
    <${Numbers} key=${`${list}${read}`} list=${list} size=${size} />`;
}

function Check({ list, changed }) {
  const [number, setNumber] = useState("");
  const [told, setTold] = useState(null);
  const [error, setError] = useState(null);
  const look = () => ask("/v1/suppressions/check", { body: { number: number.trim(), list } }).then((found) => (setTold(found), setError(null)), (failed) => (setTold(null), setError(failed)));
  const check = (event) => {
    event.preventDefault();
    if (number.trim()) look();
  };
  return html`<form onSubmit=${check} role="search"><${Field} label="Number" error=${error?.message}>
      <span class="joined"><input type="search" inputmode="tel" value=${number} onInput=${(e) => setNumber(e.target.value)} /><button>Check</button></span>
    <//></form>
    ${told ? html`<div class="wide"><${Notice} kind=${told.suppressed ? "warn" : "good"}>${told.number} ${told.suppressed ? `is on the list, since ${moment(told.since)}.` : "is not on this list."}<//>
      <p class="after"><${NumberSwitch} number=${told.number} suppressed=${told.suppressed} list=${list} then=${() => (look(), changed())} /></p></div>` : null}`;
}

function Numbers({ list, size }) {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const read = (cursor) =>
    ask(`/v1/suppressions${query({ list, limit: PAGE, cursor })}`).then((page) => {
      setFound((before) => ({ all: [...(before?.all ?? []), ...page.suppressions], next: page.next_cursor }));
    }, setError);
  return html`<section class="panel" aria-label="Numbers on the list">
    <div class="bar-of-tools"><h2>${size === undefined ? "Numbers" : `${count(size)} ${size === 1 ? "number" : "numbers"}`}</h2>${found ? null : html`<button type="button" onClick=${() => read()}>Show them</button>`}</div>
    <p class="hint">Looking at whole lists is written to the audit log.</p>
    <${Trouble} error=${error} />
    ${found && !found.all.length ? html`<${Empty}>The list is empty.<//>` : null}
    ${found?.all.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="List of numbers"><table><thead><tr><th scope="col">Number</th><th scope="col">Since</th></tr></thead>
      <tbody>${found.all.map((one, place) => html`<tr key=${place}><th scope="row">${one.number}</th><td>${moment(one.since)}</td></tr>`)}</tbody></table></div>` : null}
    ${found?.next ? html`<button type="button" onClick=${() => read(found.next)}>Show more</button>` : null}
  </section>`;
}
