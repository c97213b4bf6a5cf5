/** What can be done to a campaign: each with what it means for whom, and how long it takes. */
import { ask, post } from "./api.js";
import { confirm } from "./confirm.js";
import { calls, count, duration, people } from "./format.js";
import { learn, live, sum } from "./live.js";
import { Action } from "./parts.js";
import { html } from "./preact.js";
import { isOver, isUp } from "./words.js";

const step = (campaign, verb) => async () => {
  const after = await post(`/v1/campaigns/${campaign.id}/${verb}`);
  learn(after);
  return after;
};

const upNow = (campaign) =>
  isUp(campaign)
    ? `${calls(isUp(campaign))} ${isUp(campaign) === 1 ? "is" : "are"} up: ${isUp(campaign) === 1 ? "it ends by itself" : "they end by themselves"}, nobody is cut off.`
    : "No call is up at this moment.";

const left = (campaign) => campaign.counts.waiting + campaign.counts.claimed;

const QUESTIONS = {
  pause: (campaign) => ({
    title: `Pause “${campaign.name}”?`,
    says: [
      "Within a second nothing new goes out.",
      upNow(campaign),
      `${people(left(campaign))} ${left(campaign) === 1 ? "waits" : "wait"} until you resume it. What has an end of its own may expire meanwhile.`,
    ],
    verb: "Pause",
    keep: "Keep dialing",
    run: step(campaign, "pause"),
  }),
  resume: (campaign) => ({
    title: `Resume “${campaign.name}”?`,
    says: [
      `Within about a second its calls go out again, at up to ${count(sum(live.trunks, "calls_per_second"))} a second together with other campaigns.`,
      `${people(left(campaign))} ${left(campaign) === 1 ? "is" : "are"} still to be called.`,
    ],
    verb: "Resume",
    keep: "Stay paused",
    run: step(campaign, "resume"),
  }),
  cancel: (campaign) => ({
    title: `Cancel “${campaign.name}” for good?`,
    says: [
      `${people(left(campaign))} will not be called: their calls become “cancelled”, within seconds.`,
      upNow(campaign),
      "This cannot be taken back. To stop for a while, pause it instead.",
    ],
    verb: "Cancel campaign",
    keep: "Do not cancel",
    danger: true,
    run: step(campaign, "cancel"),
  }),
  "hang-up": (campaign) => ({
    title: `Hang up all calls of “${campaign.name}”?`,
    look: async () => {
      const { calls: up, seconds } = await ask(`/v1/campaigns/${campaign.id}/hang-up`);
      if (!up) return ["No call is up at this moment."];
      return [`${calls(up)} ${up === 1 ? "is" : "are"} up: ${up === 1 ? "it is" : "they are"} ended within about ${duration(seconds)}, in mid-sentence too.`];
    },
    says: [
      campaign.state === "running" ? "The campaign is paused at the same time." : "",
      `${people(left(campaign))} will not be called unless it is resumed. Nobody who is hung up on is dialed again.`,
    ].filter(Boolean),
    verb: "Hang up all",
    keep: "Let them talk",
    danger: true,
    run: async () => {
      await post(`/v1/campaigns/${campaign.id}/hang-up`);
      learn(await ask(`/v1/campaigns/${campaign.id}`));
    },
  }),
};

const VERBS = {
  draft: ["cancel"],
  running: ["pause", "hang-up", "cancel"],
  paused: ["resume", "hang-up", "cancel"],
};
const LABELS = { pause: "Pause", resume: "Resume", cancel: "Cancel …", "hang-up": "Hang up all" };
const KINDS = { resume: "primary", "hang-up": "danger quiet", cancel: "danger quiet" };

/** The buttons of a campaign; `few` leaves out what can wait until it is opened. */
export function Actions({ campaign, few }) {
  if (isOver(campaign) && !isUp(campaign)) return null;
  const verbs = (VERBS[campaign.state] ?? ["hang-up"]).filter((verb) => !few || verb !== "cancel");
  return html`<div class="buttons" role="group" aria-label=${`Steer ${campaign.name}`}>
    ${verbs.map((verb) => html`<${Action} key=${verb} needs="operate" label=${LABELS[verb]} kind=${KINDS[verb]} onClick=${() => confirm(QUESTIONS[verb](campaign))} />`)}
  </div>`;
}
