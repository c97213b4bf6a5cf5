/** All campaigns: the budget's line on top, then the urgent ones, those that run, those that wait for somebody, the rest. */
import { Actions } from "./actions.js";
import { calls, count, moment, percent, rate } from "./format.js";
import { sum, useLive } from "./live.js";
import { Line, pace } from "./line.js";
import { Badge, Bar, CampaignState, Empty, Figure, Loading, Notice, Title } from "./parts.js";
import { html, useMemo, useState } from "./preact.js";
import { timeLeft, useReasons, Why } from "./why.js";
import { isListed, isOver, isUnsettled, isUp, KINDS, partsOf } from "./words.js";

const OVER_SHOWN = 10;
const GROUPS = [
  ["Urgent", (one) => one.priority === "urgent" && !isOver(one)],
  ["Running", (one) => one.state === "running"],
  ["Paused", (one) => one.state === "paused"],
  ["Drafts", (one) => one.state === "draft"],
  ["Over", isOver],
];

export function CampaignsView() {
  const { campaigns, loaded } = useLive();
  const [search, setSearch] = useState("");
  const shown = [...campaigns.values()].filter((one) => isListed(one) && matches(one, search));
  const groups = grouped(shown);
  const reasons = useReasons(groups.flatMap(([, members]) => members));
  if (!loaded) return html`<${Title} text="Campaigns" /><${Now} /><${Loading} />`;
  return html`<${Title} text="Campaigns"><div class="tools">
      <input type="search" aria-label="Search campaigns by name" placeholder="Search by name" value=${search} onInput=${(e) => setSearch(e.target.value)} />
      <a class="button primary" href="#/new">New campaign</a>
    </div><//>
    <${Now} />
    ${shown.length === 0 ? html`<${Empty}>${search ? "No campaign has such a name." : "There is no campaign yet."}<//>` : null}
    ${groups.map(([name, members]) => html`<${Group} key=${name} name=${name} members=${members} reasons=${reasons} />`)}`;
}

const matches = (campaign, search) => campaign.name.toLowerCase().includes(search.trim().toLowerCase());

/** Each campaign in the first group that it fits, groups without any left out. */
function grouped(campaigns) {
  const rest = new Set(campaigns);
  return GROUPS.map(([name, fits]) => {
    const members = [...rest].filter(fits);
    members.forEach((one) => rest.delete(one));
    return [name, members];
  }).filter(([, members]) => members.length);
}

function Group({ name, members, reasons }) {
  const [all, setAll] = useState(false);
  const shown = name === "Over" && !all ? members.slice(0, OVER_SHOWN) : members;
  return html`<section class=${`group g-${name.toLowerCase()}`} aria-label=${name}>
    <h2>${name} <small>${count(members.length)}</small></h2>
    <ul class="cards">${shown.map((one) => html`<${Card} key=${one.id} campaign=${one} reason=${reasons[one.id]} />`)}</ul>
    ${shown.length < members.length ? html`<button type="button" onClick=${() => setAll(true)}>Show all ${count(members.length)}</button>` : null}
  </section>`;
}

function Card({ campaign, reason }) {
  const parts = useMemo(() => partsOf(campaign), [campaign]);
  const { total, counts, succeeded } = campaign;
  return html`<li class=${`card ${campaign.priority} ${campaign.state}`}>
    <div class="head">
      <h3><a href=${`#/campaigns/${campaign.id}`}>${campaign.name}</a></h3>
      <${CampaignState} state=${campaign.state} unsettled=${isUnsettled(campaign)} />
      ${campaign.priority === "urgent" ? html`<${Badge} kind="urgent">Urgent<//>` : null}
      ${campaign.kind === "notification" ? null : html`<span class="kind">${KINDS[campaign.kind] ?? campaign.kind}</span>`}
      <span class="left">${campaign.state === "running" ? timeLeft(campaign) : isOver(campaign) ? `ended ${moment(campaign.ended_at)}` : null}</span>
    </div>
    <${Bar} parts=${parts} total=${total} name=${`Calls of ${campaign.name}`} />
    <div class="foot">
      <p class="sums"><b>${count(counts.done)}</b> of ${calls(total)} done${counts.done ? html` · <b>${percent(succeeded, counts.done)}</b> reached` : null}${isUp(campaign) ? html` · <b class="up">${count(isUp(campaign))}</b> up now` : null}</p>
      <${Why} campaign=${campaign} reason=${reason} />
      <${Actions} campaign=${campaign} few />
    </div>
  </li>`;
}

/** How the dialer is at this moment: pace against budget, calls up, what waits. */
function Now() {
  const { samples, trunks, campaigns, up, workers, isOld } = useLive();
  const all = [...campaigns.values()];
  const budget = sum(trunks, "calls_per_second");
  const closed = trunks.filter((trunk) => trunk.gate_s > 0);
  const running = all.filter((one) => one.state === "running");
  const waiting = running.reduce((total, one) => total + one.counts.waiting, 0);
  return html`<section class="now" aria-label="The dialer now">
    <div class="pace-now"><p class="big">${rate(pace(samples))}<small> of ${rate(budget)} calls a second</small></p><${Line} samples=${samples} budget=${budget} /></div>
    <dl class="figures">
      <${Figure} name="Up now">${count(up ?? all.reduce((total, one) => total + isUp(one), 0))}<//>
      <${Figure} name="Running">${count(running.filter(isListed).length)}<//>
      <${Figure} name="Waiting">${count(waiting)}<//>
    </dl>
    ${isOld ? html`<${Notice} kind="bad" role="alert">The data in Redis is older than what was seen of it: nothing is dialed until somebody has settled what came since (“dialer restored”).<//>` : null}
    ${workers === 0 ? html`<${Notice} kind="bad" role="alert">No worker is heard of: nothing is dialed until one runs (“dialer worker”).<//>` : null}
    ${closed.map((trunk) => html`<${Notice} key=${trunk.name} kind="warn">The carrier said “too fast” on ${trunk.name}: nothing goes out there for ${Math.ceil(trunk.gate_s)} s, then it goes on by itself.<//>`)}
  </section>`;
}
