/** One campaign: how far it is, why it stands as it stands, what it says and by which rules, and its calls. */
import { Actions } from "./actions.js";
import { ask } from "./api.js";
import { Calls } from "./calls.js";
import { Escalation } from "./escalation.js";
import { calls, count, duration, euro, localized, moment, ownZone, percent } from "./format.js";
import { learn, repeat, useLive } from "./live.js";
import { Badge, Bar, CampaignState, Figure, Legend, Loading, Notice, Title, Trouble } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";
import { timeLeft, useReasons, Why } from "./why.js";
import { DISPOSITIONS, endingsOf, isOver, isUnsettled, KINDS, partsOf } from "./words.js";

const EVERY_MS = 2000;

export function CampaignView({ id }) {
  const { campaigns } = useLive();
  const [error, setError] = useState(null);
  useEffect(() => repeat(EVERY_MS, () => ask(`/v1/campaigns/${id}`).then((told) => (setError(null), learn(told)), setError)), [id]);
  const campaign = campaigns.get(id);
  const reasons = useReasons(campaign ? [campaign] : []);
  if (!campaign) return html`<${Title} text="Campaign" />${error ? html`<${Trouble} error=${error} />` : html`<${Loading} />`}`;
  return html`<p class="path"><a href="#/">Campaigns</a></p>
    <${Title} text=${campaign.name}><div class="marks">
      <${CampaignState} state=${campaign.state} unsettled=${isUnsettled(campaign)} />
      ${campaign.priority === "normal" ? null : html`<${Badge} kind=${campaign.priority}>${campaign.priority}<//>`}
      <span class="kind">${KINDS[campaign.kind] ?? campaign.kind}</span>
    </div><${Actions} campaign=${campaign} /><//>
    <${Progress} campaign=${campaign} reason=${reasons[id]} />
    ${campaign.kind === "escalation" ? html`<${Escalation} id=${id} />` : null}
    ${campaign.kind === "conference" ? html`<${Notice}>This is a conference: <a href=${`#/conferences/${id}`}>its members, live</a><//>` : null}
    <${Reasons} told=${reasons[id]} />
    <${Rules} campaign=${campaign} />
    <${Calls} campaign=${campaign} />`;
}

function Progress({ campaign, reason }) {
  const { counts, total, succeeded } = campaign;
  const parts = partsOf(campaign);
  const endings = endingsOf(campaign);
  return html`<section class="panel progress" aria-label="Progress">
    <${Why} campaign=${campaign} reason=${reason} />
    <dl class="figures">
      <${Figure} name="Done" note=${`of ${calls(total)}`}>${count(counts.done)}<//>
      <${Figure} name="Reached" note=${counts.done ? `${percent(succeeded, counts.done)} of those done` : ""}>${count(succeeded)}<//>
      <${Figure} name="On the line">${count(counts.live + counts.placing)}<//>
      <${Figure} name="Tries">${count(campaign.attempts)}<//>
      ${campaign.state === "running" ? html`<${Figure} name="Time left" note=${campaign.finishes_at ? `about ${moment(campaign.finishes_at)}` : ""}>${timeLeft(campaign)?.replace(" left", "") ?? "–"}<//>` : null}
      ${isOver(campaign) ? html`<${Figure} name="Ended">${moment(campaign.ended_at)}<//>` : null}
      ${campaign.spent ? html`<${Figure} name="Cost so far">${euro(campaign.spent)}<//>` : null}
    </dl>
    <h2 class="small">By state</h2>
    <${Bar} tall parts=${parts} total=${total} name="Calls by state" /><${Legend} parts=${parts} total=${total} />
    ${endings.length ? html`<h2 class="small">How they ended</h2><${Bar} tall parts=${endings} total=${counts.done} name="Calls by disposition" /><${Legend} parts=${endings} total=${counts.done} />` : null}
  </section>`;
}

/** Why how many are not being dialed now; only where there is more than one reason. */
function Reasons({ told }) {
  const waiting = told?.reasons.filter((group) => group.code !== "done") ?? [];
  if (waiting.length < 2) return null;
  return html`<section class="panel" aria-label="What calls wait for"><h2>What calls wait for</h2>
    <ul class="reasons">${waiting.map((group) => html`<li key=${group.code}><b>${count(group.calls)}</b><span>${localized(group.words)}</span></li>`)}</ul>
  </section>`;
}

function Rules({ campaign }) {
  const redials = Object.entries(campaign.redial).filter(([, redial]) => redial.times);
  return html`<details class="panel"><summary><h2>Text and rules</h2></summary>
    <dl class="rules">
      <dt>Says</dt><dd class="said">${campaign.script.text ?? "a script of several steps"}</dd>
      ${campaign.script.language ? html`<dt>Language</dt><dd>${campaign.script.language}</dd>` : null}
      <dt>Hours</dt><dd><${Hours} campaign=${campaign} /></dd>
      <dt>Dialed again</dt><dd>${redials.length ? redials.map(([name, redial]) => html`<div key=${name}>${DISPOSITIONS[name]}: ${redial.times}×, after ${duration(redial.after_s)}</div>`) : "never"}</dd>
      <dt>Leaves by</dt><dd>${campaign.trunks.join(", ")}</dd>
      ${campaign.slots ? html`<dt>At the same time</dt><dd>${calls(campaign.slots)} at most</dd>` : null}
      ${campaign.calls_per_second ? html`<dt>Pace</dt><dd>${campaign.calls_per_second} a second at most</dd>` : null}
      ${campaign.expires_at ? html`<dt>Ends at the latest</dt><dd>${moment(campaign.expires_at)}</dd>` : null}
      <dt>Created</dt><dd>${moment(campaign.created_at)}</dd>
      <dt>Id</dt><dd><code>${campaign.id}</code></dd>
    </dl></details>`;
}

function Hours({ campaign }) {
  const { windows, cohorts } = campaign;
  if (!windows) return "at any hour";
  const hours = windows.hours.length ? windows.hours.map((one) => `${one.days} ${one.from}–${one.to}`).join(", ") : "all hours";
  return html`<div>${hours}${windows.holidays ? `, not on holidays of ${windows.holidays}` : ""} — on the clock of whoever is called</div>
    ${campaign.override_windows ? html`<${Notice} kind="warn">Dialed outside of these hours too.<//>` : null}
    ${cohorts.slice(0, 8).map((one) => html`<div key=${one.zones.join()}>${one.zones.join(", ")}: ${one.is_open ? `open until ${moment(one.closes_at)}` : `closed until ${moment(one.opens_at)}`} <small>(your time, ${ownZone()})</small></div>`)}`;
}
