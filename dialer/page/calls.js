/** A campaign's calls, page by page: never more are held than are shown. */
import { ask, query, request } from "./api.js";
import { count, moment } from "./format.js";
import { CallState, Empty, Loading, Trouble } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";
import { CALL_STATES, DISPOSITIONS } from "./words.js";

const PAGE = 50;

/** The list with its filters; `version` changes where the list is to be read anew. */
export function Calls({ campaign }) {
  const [filter, setFilter] = useState({ state: "", disposition: "" });
  const [number, setNumber] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const [loading, setLoading] = useState(false);
  const version = Object.values(campaign.counts).join();
  const read = async (cursor) => {
    setLoading(true);
    try {
      const page = await ask(`/v1/campaigns/${campaign.id}/calls${query({ ...filter, limit: PAGE, cursor })}`);
      setFound((before) => (cursor && before ? { calls: [...before.calls, ...page.calls].slice(-500), next: page.next_cursor } : { calls: page.calls, next: page.next_cursor }));
      setError(null);
    } catch (failed) {
      setError(failed);
    }
    setLoading(false);
  };
  const search = async (event) => {
    event.preventDefault();
    if (!number.trim()) return read();
    try {
      const told = await ask("/v1/numbers/find", { body: { number: number.trim() } });
      const mine = told.calls.filter((one) => one.campaign_id === campaign.id).slice(0, PAGE);
      setFound({ calls: await Promise.all(mine.map((one) => ask(`/v1/calls/${one.call_id}`))), next: null, searched: told.number });
      return setError(null);
    } catch (failed) {
      return setError(failed);
    }
  };
  useEffect(() => {
    read();
  }, [filter]);
  // While it changes, the first page is read anew; whoever has paged on or searched is left alone.
  useEffect(() => {
    if (found && !found.searched && found.calls.length <= PAGE && !loading) read();
  }, [version]);
  const chosen = (name) => (event) => {
    setNumber("");
    setFilter(name === "state" ? { state: event.target.value, disposition: "" } : { state: event.target.value ? "done" : "", disposition: event.target.value });
  };
  return html`<section class="panel" aria-label="Calls">
    <div class="bar-of-tools"><h2>Calls</h2>
      <label>State <select value=${filter.state} onChange=${chosen("state")}><option value="">All</option>${options(CALL_STATES)}</select></label>
      <label>Ended as <select value=${filter.disposition} onChange=${chosen("disposition")}><option value="">Any</option>${options(DISPOSITIONS)}</select></label>
      <form role="search" onSubmit=${search}><input type="search" inputmode="tel" aria-label="Search by number" placeholder="Number" value=${number} onInput=${(e) => setNumber(e.target.value)} /><button>Search</button></form>
      <${Download} campaign=${campaign} />
    </div>
    <${Trouble} error=${error} />
    ${found ? html`<${Table} found=${found} />` : html`<${Loading} />`}
    ${found?.next ? html`<button type="button" disabled=${loading} onClick=${() => read(found.next)}>${loading ? "Loading …" : "Show more"}</button>` : null}
  </section>`;
}

/** What became of everyone, as a file. */
function Download({ campaign }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const save = async () => {
    setBusy(true);
    try {
      const answer = await request(`/v1/campaigns/${campaign.id}/results?format=csv`);
      const url = URL.createObjectURL(await answer.blob());
      Object.assign(document.createElement("a"), { href: url, download: `${campaign.id}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      setError(null);
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  return html`<button type="button" disabled=${busy} onClick=${save}>${busy ? "Fetching …" : "Save results"}</button><${Trouble} error=${error} />`;
}

const options = (names) => Object.entries(names).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`);

function Table({ found }) {
  if (!found.calls.length) return html`<${Empty}>${found.searched ? `${found.searched} is in no call of this campaign.` : "No call is like that."}<//>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="List of calls"><table>
    <thead><tr><th scope="col">Number</th><th scope="col">State</th><th scope="col">Person</th><th scope="col" class="n">Tries</th><th scope="col">When</th></tr></thead>
    <tbody>${found.calls.map((call) => html`<tr key=${call.id}>
      <th scope="row"><a href=${`#/calls/${call.id}`}>${call.number}</a></th>
      <td><${CallState} call=${call} /></td>
      <td class="person">${person(call)}</td>
      <td class="n">${count(call.tries)}</td>
      <td>${when(call)}</td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** Who it is, as far as the list tells: a name, else the list's own id. */
export const person = (call) => call.variables?.name ?? call.external_id ?? "";

function when(call) {
  if (call.state === "done") return html`ended ${moment(call.ended_at)}`;
  return call.state === "waiting" && call.due_at ? (new Date(call.due_at) < Date.now() ? "due" : html`due ${moment(call.due_at)}`) : "now";
}
