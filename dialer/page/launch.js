/**
 * A campaign from a file, in four steps: the list, the text, the rules, the forecast. Nobody is called before the last
 * button, and that one is asked for. The draft is made when the forecast is looked at; going back gives it up.
 */
import { steer } from "./actions.js";
import { ask, post, upload } from "./api.js";
import { bytes, count, euro, localized, moment, ownZone, people, percent } from "./format.js";
import { learn } from "./live.js";
import { ENDINGS, importPath, readList } from "./list.js";
import { Action, Field, Figure, Notice, Title, Trouble } from "./parts.js";
import { html, useEffect, useRef, useState } from "./preact.js";
import { bodyOf, FIRST_RULES, Rules } from "./rules.js";
import { FIRST_TEXT, TextStep, useLook } from "./text.js";

const STEPS = ["List", "Text", "Rules", "Forecast"];

export function LaunchView() {
  const [step, setStep] = useState(0);
  const [list, setList] = useState(null);
  const [text, setText] = useState(FIRST_TEXT);
  const [rules, setRules] = useState(FIRST_RULES);
  const heading = useRef(null);
  useEffect(() => {
    if (step) heading.current?.focus();
  }, [step]);
  const seen = useLook(list, text);
  const read = list && (list.look.rows.length || !list.look.missing.includes("number"));
  const ready = [read, seen.look && seen.heard === text.text && !seen.wrong, rules.name.trim()];
  const reach = ready.findIndex((one) => !one);
  const go = (to) => setStep(to);
  const change = (set) => (changes) => set((before) => ({ ...before, ...changes }));
  const chosen = (found) => {
    setList(found);
    if (!rules.name) change(setRules)({ name: found.file.name.replace(/\.\w+$/, "").replaceAll(/[_-]+/g, " ") });
  };
  const views = [
    html`<${ListStep} list=${list} chosen=${chosen} />`,
    html`<${TextStep} text=${text} change=${change(setText)} list=${list} seen=${seen} />`,
    html`<${Rules} rules=${rules} change=${change(setRules)} />`,
    html`<${ForecastStep} list=${list} body=${step === 3 ? bodyOf(text, rules) : null} />`,
  ];
  return html`<p class="path"><a href="#/">Campaigns</a></p><${Title} text="New campaign" />
    <ol class="steps" aria-label="Steps">${STEPS.map((name, place) => html`<li key=${name} aria-current=${place === step ? "step" : undefined} class=${place < step ? "done" : ""}><b aria-hidden="true">${place + 1}</b> ${name}</li>`)}</ol>
    <section class="panel step" aria-label=${STEPS[step]}><h2 tabindex="-1" ref=${heading}>${STEPS[step]}</h2>${views[step]}
      <div class="buttons ends">
        ${step ? html`<button type="button" onClick=${() => go(step - 1)}>Back</button>` : html`<a class="button" href="#/">Leave</a>`}
        ${step < 3 ? html`<button type="button" class="primary" disabled=${reach >= 0 && reach <= step} onClick=${() => go(step + 1)}>Next: ${STEPS[step + 1]}</button>` : null}
      </div>
    </section>`;
}

function ListStep({ list, chosen }) {
  const [error, setError] = useState(null);
  const [over, setOver] = useState(false);
  const take = (file, map) => file && readList(file, map).then((found) => (setError(null), chosen(found)), setError);
  const dropped = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return html`<label class=${over ? "drop over" : "drop"} onDragOver=${(e) => (e.preventDefault(), setOver(true))} onDragLeave=${() => setOver(false)} onDrop=${dropped}>
      <span><b>Choose the list</b> or drop it here</span>
      <small class="hint">CSV, a spreadsheet or JSON, with a column of phone numbers. A column “id” tells who is in it twice; each other column can be said in the text.</small>
      <input type="file" accept=${ENDINGS} onChange=${(e) => take(e.target.files[0])} />
    </label>
    <${Trouble} error=${error} />
    ${list ? html`<${Seen} list=${list} mapped=${(map) => take(list.file, map)} />` : null}`;
}

/** How a list is read: whose column the numbers are in, and its first rows. */
function Seen({ list, mapped }) {
  const { columns, rows, rejections, missing, map } = list.look;
  const numbers = columns.find((one) => one.name === "number")?.column ?? map.number ?? "";
  const names = columns.filter((one) => one.use === "variable");
  return html`<p><b>${list.file.name}</b>, ${bytes(list.file.size)}</p>
    <div class="fields"><${Field} label="Phone numbers are in" error=${missing.includes("number") && !map.number ? "Choose the column." : ""}>
      <select value=${numbers} onChange=${(e) => mapped({ ...map, number: e.target.value })}>${numbers ? null : html`<option value="">…</option>`}${columns.map((one) => html`<option key=${one.column} value=${one.column}>${one.column}</option>`)}</select><//></div>
    ${rows.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="First rows of the list"><table>
      <thead><tr><th scope="col">Row</th><th scope="col">Is called at</th><th scope="col">Id</th>${names.map((one) => html`<th scope="col" key=${one.name}>${one.name}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, 6).map((row) => html`<tr key=${row.row}><td class="n">${row.row}</td><th scope="row">${row.numbers.join(", ")}</th><td>${row.id ?? ""}</td>${names.map((one) => html`<td key=${one.name}>${row.variables[one.name] ?? ""}</td>`)}</tr>`)}</tbody>
    </table></div>` : null}
    ${rejections.length ? html`<${Notice} kind="warn">Of the first rows ${rejections.length === 1 ? "one is" : `${count(rejections.length)} are`} not taken:<${Rejections} some=${rejections.slice(0, 5)} /><//>` : null}`;
}

const Rejections = ({ some }) => html`<ul class="rejections">${some.map((one) => html`<li key=${one.row}>Row ${count(one.row)}${one.column ? `, ${one.column}` : ""}${one.value ? ` “${one.value}”` : ""}: ${one.reason}. ${one.remedy}</li>`)}</ul>`;

/** Makes the draft, sends the list, looks ahead; left by going back, it gives the draft up. */
function useDraft(list, body) {
  const [seen, setSeen] = useState({ share: 0 });
  const kept = useRef(null);
  useEffect(() => {
    let left = false;
    const tell = (more) => !left && setSeen((before) => ({ ...before, ...more }));
    const mine = {};
    const made = make(list, body, mine, tell).catch((error) => tell({ error }));
    return () => {
      left = true;
      made.finally(() => kept.current || giveUp(mine.campaign));
    };
  }, []);
  return { ...seen, keep: () => (kept.current = true) };
}

async function make(list, body, mine, tell) {
  const campaign = await post("/v1/campaigns", body, { "Idempotency-Key": ownKey() });
  mine.campaign = campaign;
  tell({ campaign });
  const sent = await upload(importPath(campaign, list), list.file, list.type, (share) => tell({ share }));
  tell({ sent, share: 1 });
  learn(await ask(`/v1/campaigns/${campaign.id}`));
  tell({ forecast: await ask(`/v1/campaigns/${campaign.id}/forecast`, { body: {} }) });
}

const giveUp = (campaign) => campaign && post(`/v1/campaigns/${campaign.id}/cancel`).then(learn, () => {});
const ownKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function ForecastStep({ list, body }) {
  const { share, campaign, sent, forecast, error, keep } = useDraft(list, body);
  const later = () => {
    keep();
    location.hash = `#/campaigns/${campaign.id}`;
  };
  const launch = async () => {
    const after = await steer(campaign, "start");
    if (after) later();
  };
  return html`<${Trouble} error=${error} />
    ${error?.told?.errors?.length ? html`<ul>${error.told.errors.map((one) => html`<li><code>${one.field}</code>: ${one.message}</li>`)}</ul>` : null}
    ${sent || error ? null : html`<p role="status">Sending the list … <progress value=${share} max="1">${percent(share, 1)}</progress></p>`}
    ${sent ? html`<${Sent} sent=${sent} />` : null}
    ${sent && !forecast && !error ? html`<p role="status">Looking ahead, person by person …</p>` : null}
    ${forecast ? html`<${Ahead} forecast=${forecast} />
      <div class="buttons"><${Action} needs=${["launch"]} kind="primary" label="Launch …" disabled=${!sent.accepted} onClick=${launch} /><button type="button" onClick=${later}>Keep as a draft</button></div>` : null}`;
}

function Sent({ sent }) {
  const { accepted, duplicates, rejected, rejections } = sent;
  return html`<${Notice} kind=${rejected || !accepted ? "warn" : "good"}>${people(accepted)} taken${duplicates ? `, ${count(duplicates)} named twice` : ""}${rejected ? `, ${rejected === 1 ? "1 row" : `${count(rejected)} rows`} not taken` : ""}.<//>
    ${rejections.length ? html`<details open=${rejections.length < 6}><summary>Rows that were not taken</summary><${Rejections} some=${rejections.slice(0, 100)} /></details>` : null}`;
}

function Ahead({ forecast }) {
  const { finishes, dialed, attempts, cost, skipped, problems } = forecast;
  return html`<dl class="figures">
      <${Figure} name="Will be called" note=${`of ${people(forecast.calls)}`}>${count(dialed.expected)}<//>
      <${Figure} name="Done about" note=${finishes ? `between ${moment(finishes.earliest)} and ${moment(finishes.latest)}, your time (${ownZone()})` : forecast.finishes_reason}>${finishes ? moment(finishes.expected) : "–"}<//>
      <${Figure} name="Calls in all" note=${`${count(attempts.low)} to ${count(attempts.high)}`}>${count(attempts.expected)}<//>
      <${Figure} name="Cost about" note=${cost ? `${euro(cost.low)} to ${euro(cost.high)}` : forecast.cost_reason}>${cost ? euro(cost.expected) : "–"}<//>
    </dl>
    ${skipped.map((one) => html`<${Notice} kind="warn" key=${one.reason}>${people(one.calls)} will not be called: ${one.words}.<//>`)}
    ${problems.map((one) => html`<${Notice} kind="bad" key=${one.code}>${localized(`${one.detail}: ${one.remedy || "no single change mends it"}`)}.<//>`)}`;
}
