/** What was recorded, the newest first, to be heard here. */
import { ask, query } from "./api.js";
import { Empty, Loading, Title, Trouble } from "./parts.js";
import { Player } from "./player.js";
import { html, useEffect, useState } from "./preact.js";

const PAGE = 30;
const STATES = { "": "All", stored: "Stored", waiting: "To be fetched", failed: "Failed so far", gone: "Gone" };

export function RecordingsView() {
  const [state, setState] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  const read = (cursor) =>
    ask(`/v1/recordings${query({ state, limit: PAGE, cursor })}`).then((page) => {
      setFound((before) => ({ all: [...(cursor ? before.all : []), ...page.recordings], next: page.next_cursor }));
      setError(null);
    }, setError);
  useEffect(() => {
    setFound(null);
    read();
  }, [state]);
  return html`<${Title} text="Recordings"><div class="tools bar-of-tools"><label>State <select value=${state} onChange=${(e) => setState(e.target.value)}>
      ${Object.entries(STATES).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label></div><//>
    <${Trouble} error=${error} />
    <section class="panel" aria-label="List of recordings">
      ${found ? null : html`<${Loading} />`}
      ${found && !found.all.length ? html`<${Empty}>Nothing was recorded yet.<//>` : null}
      <ul class="recordings">${found?.all.map((one) => html`<li key=${one.id}>
        <p>${one.calls.map((call, place) => html`${place ? ", " : ""}<a key=${call} href=${`#/calls/${call}`}>call ${call}</a>`)}</p><${Player} id=${one.id} known=${one} />
      </li>`)}</ul>
      ${found?.next ? html`<button type="button" onClick=${() => read(found.next)}>Show more</button>` : null}
    </section>`;
}
