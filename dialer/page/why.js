/** Why nothing is happening, in a sentence of the API's own, and how long a campaign still takes: asked where it matters. */
import { ask } from "./api.js";
import { duration, localized, secondsUntil } from "./format.js";
import { learn, repeat } from "./live.js";
import { html, useEffect, useState } from "./preact.js";
import { isOver, isUnsettled, UNSETTLED } from "./words.js";

const EVERY_MS = 4000;
const APART_MS = 250;
const MOST = 20;
const BUSY = ["live", "placing", "claimed", "in_line"];

/** Whether people would wonder why a campaign stands still. */
export const isStill = (campaign) => !isOver(campaign) && campaign.counts.live + campaign.counts.placing + campaign.counts.claimed === 0;

/**
 * The reasons of those campaigns that stand still, and fresh forecasts of those that run; a few at a time, in turn.
 * @param {object[]} campaigns @returns {Record<string, {words: string, code: string, until: string | null}>}
 */
export function useReasons(campaigns) {
  const [reasons, setReasons] = useState({});
  const open = campaigns.filter((one) => !isOver(one));
  const wanted = [...open.filter(isStill), ...open.filter((one) => !isStill(one))].slice(0, MOST);
  // Sorted: who stands still changes every second, and asking must not begin anew each time.
  const ids = wanted.map((one) => one.id).sort().join();
  useEffect(() => {
    if (!ids) return undefined;
    return repeat(EVERY_MS, async () => {
      for (const id of ids.split(",")) {
        // Asking for a campaign keeps its forecast fresh, too.
        const [told, campaign] = await Promise.all([ask(`/v1/campaigns/${id}/explain`), ask(`/v1/campaigns/${id}`)]);
        setReasons((known) => ({ ...known, [id]: told }));
        learn(campaign);
        await new Promise((then) => setTimeout(then, APART_MS));
      }
    });
  }, [ids]);
  return reasons;
}

/** Where the API's words name a command: here there are buttons. */
const OWN_WORDS = {
  paused: ({ reason }) => (reason ? `Paused by the dialer itself: ${reason}` : "Paused: nothing goes out until it is resumed."),
  draft: () => "A draft: nobody is called before it is started.",
};

/** The sentence of a campaign. */
export function Why({ campaign, reason }) {
  if (isUnsettled(campaign)) return html`<p class="why warn">Nobody has taken it over: ${UNSETTLED[campaign.over_reason]}.</p>`;
  if (isOver(campaign)) return null;
  if (campaign.hanging_up) return html`<p class="why warn">Hanging up: ${campaign.hanging_up} still to be ended.</p>`;
  if (campaign.state !== "running") return html`<p class="why">${OWN_WORDS[campaign.state](campaign)}</p>`;
  if (!reason && isStill(campaign)) return html`<p class="why ok">…</p>`;
  if (!reason || (BUSY.includes(reason.code) && !isStill(campaign))) return html`<p class="why ok">Dialing.</p>`;
  return html`<p class="why">${localized(reason.words)}</p>`;
}

/** How long it still takes, as far as that is known. */
export function timeLeft(campaign) {
  if (!campaign.finishes_at) return null;
  const seconds = secondsUntil(campaign.finishes_at);
  return seconds <= 0 ? "any moment now" : `${duration(seconds)} left`;
}
