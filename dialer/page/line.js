/** The live line: calls a second of the last two minutes against the budget, as SVG, so that it can be read out too. */
import { rate } from "./format.js";
import { KEPT_S } from "./live.js";
import { html } from "./preact.js";

const WIDTH = 600;
const HEIGHT = 96;

/**
 * @param {{samples: {at: number, started: number, refused: number}[], budget: number}} given
 */
export function Line({ samples, budget }) {
  const last = samples.at(-1);
  const most = Math.max(budget * 1.25, ...samples.map((one) => one.started + one.refused), 0.5);
  const y = (value) => HEIGHT - 1 - (value / most) * (HEIGHT - 10);
  const x = (at) => WIDTH - ((last.at - at) / (KEPT_S * 1000)) * WIDTH;
  const points = smooth(samples, "started").map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  const first = points.length ? points[0].split(",")[0] : WIDTH;
  return html`<svg class="line" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${told(samples, budget)}>
    <line class="budget" x1="0" x2=${WIDTH} y1=${y(budget)} y2=${y(budget)} />
    ${points.length > 1 ? html`<polygon class="area" points=${`${first},${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`} /><polyline class="pace" points=${points.join(" ")} />` : null}
    ${samples.filter((one) => one.refused > 0).map((one) => html`<line key=${one.at} class="refused" x1=${x(one.at)} x2=${x(one.at)} y1=${HEIGHT - 8} y2=${HEIGHT} />`)}
  </svg>`;
}

/** Mean over three samples: one second holds 2 or 4 calls where the pace is 3. */
function smooth(samples, name) {
  return samples.map((one, place) => {
    const near = samples.slice(Math.max(0, place - 2), place + 1);
    return [one.at, near.reduce((total, each) => total + each[name], 0) / near.length];
  });
}

/** Calls a second now, as a mean of the last seconds. */
export const pace = (samples) => smooth(samples.slice(-3), "started").at(-1)?.[1] ?? 0;

function told(samples, budget) {
  const refused = samples.reduce((total, one) => total + one.refused, 0);
  const also = refused ? ` ${Math.ceil(refused)} requests were refused meanwhile.` : "";
  return `${rate(pace(samples))} calls a second now, of a budget of ${rate(budget)}.${also}`;
}
