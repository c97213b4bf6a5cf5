/** Whether the dialer is well: what it needs, its carriers, and what somebody has to look at. */
import { ask } from "./api.js";
import { count, rate } from "./format.js";
import { repeat, useLive } from "./live.js";
import { Badge, Loading, Notice, Title, Trouble } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";

const EVERY_MS = 3000;

/** All that is looked at, at one moment; what cannot be told is an Error. */
async function look() {
  const kept = (path) => ask(path).catch((error) => error);
  const ready = fetch("/readyz", { cache: "no-store" }).then((response) => response.json()).catch((error) => error);
  const [health, trunks, recordings, callbacks] = await Promise.all([ready, kept("/v1/trunks"), kept("/v1/recordings?state=failed&limit=1"), kept("/v1/callbacks?limit=1")]);
  return { health, trunks, recordings, callbacks };
}

export function HealthView() {
  const { workers, connection } = useLive();
  const [seen, setSeen] = useState(null);
  useEffect(() => repeat(EVERY_MS, () => look().then(setSeen)), []);
  if (!seen) return html`<${Title} text="Health" /><${Loading} />`;
  const redis = seen.health.checks?.redis ?? "not known: the API does not answer";
  const rows = [
    ["API", connection !== "lost", connection === "lost" ? "does not answer" : "answers"],
    ["Redis", redis === "ok", redis === "ok" ? "answers" : redis],
    ["Workers", workers !== 0, workers === null ? "not told" : workers ? `${count(workers)} heard of lately` : "none is heard of: nothing is dialed. Start one with “dialer worker”."],
    ["Recordings", !seen.recordings.recordings?.length, seen.recordings.recordings?.length ? "some could not be fetched yet; they are tried again" : "none wait in vain"],
    ["Callbacks to your system", !seen.callbacks.callbacks?.length, seen.callbacks.callbacks?.length ? "some were given up: “dialer callback list”" : "all were taken"],
  ];
  return html`<${Title} text="Health" />
    <section class="panel" aria-label="Parts"><ul class="health">${rows.map(([name, well, says]) => html`<li key=${name}>
      <${Badge} kind=${well ? "s-completed" : "d-failed"}>${well ? "Well" : "Look at it"}<//><b>${name}</b><span>${says}</span></li>`)}</ul></section>
    ${seen.trunks instanceof Error ? html`<${Trouble} error=${seen.trunks} />` : html`<${Trunks} trunks=${seen.trunks.trunks} />`}
    <${Notice}>“dialer doctor” looks deeper: clocks, the carrier's token and products, webhooks from outside.<//>`;
}

const Trunks = ({ trunks }) => html`<section class="panel" aria-label="Carrier accounts"><h2>Carrier accounts</h2>
  <div class="scroll" tabindex="0" role="region" aria-label="List of carrier accounts"><table>
    <thead><tr><th scope="col">Name</th><th scope="col">Calls leave as</th><th scope="col" class="n">Calls a second</th><th scope="col" class="n">Accepted</th><th scope="col" class="n">Refused</th><th scope="col" class="n">Slower by</th><th scope="col">Slots</th><th scope="col">Now</th></tr></thead>
    <tbody>${trunks.map((one) => html`<tr key=${one.name}><th scope="row">${one.name}</th><td>${one.from_number ?? "–"}</td><td class="n">${rate(one.calls_per_second)}</td><td class="n">${count(one.accepted)}</td><td class="n">${count(one.refused)}</td><td class="n">${rate(one.margin * 100)} %</td>
      <td>${one.slots ? `${count(one.up)} of ${count(one.slots)}` : "any number"}</td><td>${one.gate_s ? html`<${Badge} kind="s-paused">waits ${Math.ceil(one.gate_s)} s<//>` : html`<${Badge} kind="s-completed">open<//>`}</td></tr>`)}</tbody>
  </table></div></section>`;
