/** Somebody calls and asks why he was called, or why not: everything about one number, over all campaigns. */
import { ask } from "./api.js";
import { calls, count, moment } from "./format.js";
import { CallState, CampaignState, Empty, Notice, Title, Trouble } from "./parts.js";
import { html, useState } from "./preact.js";
import { NumberSwitch } from "./suppression.js";

const SHOWN = 200;

export function FindView() {
  const [number, setNumber] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const find = (wanted) =>
    ask("/v1/numbers/find", { body: { number: wanted.trim(), limit: SHOWN } }).then(
      (told) => (setFound(told), setError(null)),
      (failed) => (setFound(null), setError(failed)),
    );
  const search = (event) => {
    event.preventDefault();
    if (number.trim()) find(number);
  };
  return html`<${Title} text="Find a number" />
    <form class="panel search" role="search" onSubmit=${search}>
      <label class="field"><span class="name">Number</span><input type="search" inputmode="tel" value=${number} onInput=${(e) => setNumber(e.target.value)} placeholder="+31612345678 or 0612345678" /></label>
      <button class="primary">Find</button>
    </form>
    <${Trouble} error=${error} />
    ${found ? html`<${Found} found=${found} again=${() => find(found.number)} />` : null}`;
}

function Found({ found, again }) {
  return html`<section class="panel" aria-label="What is known of it">
    <div class="bar-of-tools"><h2>${found.number}</h2><${NumberSwitch} number=${found.number} suppressed=${found.suppressed} then=${again} /></div>
    ${found.suppressed ? html`<${Notice} kind="warn">No campaign calls this number, since ${moment(found.since)}.<//>` : null}
    ${found.total ? html`<p>It stands in ${calls(found.total)}${found.total > found.calls.length ? `; the newest ${count(found.calls.length)} are shown` : ""}.</p><${Rows} calls=${found.calls} />` : html`<${Empty}>It stands in no call.<//>`}
  </section>`;
}

const Rows = ({ calls: rows }) => html`<div class="scroll" tabindex="0" role="region" aria-label="Its calls"><table>
  <thead><tr><th scope="col">Campaign</th><th scope="col">State</th><th scope="col">Call</th><th scope="col" class="n">Tries</th><th scope="col">Due</th></tr></thead>
  <tbody>${rows.map((call) => html`<tr key=${call.call_id}>
    <th scope="row"><a href=${`#/campaigns/${call.campaign_id}`}>${call.campaign_name}</a></th>
    <td><${CampaignState} state=${call.campaign_state} /></td>
    <td><a href=${`#/calls/${call.call_id}`}><${CallState} call=${call} /></a></td>
    <td class="n">${count(call.tries)}</td>
    <td>${call.state === "done" ? "" : moment(call.due_at)}</td>
  </tr>`)}</tbody>
</table></div>`;
