/** What can be done to a campaign: each with what it means for whom, and how long it takes. */
import { ask, post } from "./api.js";
import { confirm } from "./confirm.js";
import { calls, count, duration, localized, moment, people } from "./format.js";
import { learn, live, sum } from "./live.js";
import { Action } from "./parts.js";
import { html } from "./preact.js";
import { isBuiltIn, isOver, isUp } from "./words.js";

const step = (campaign, verb) => async () => {
  const after = await post(`/v1/campaigns/${campaign.id}/${verb}`);
  learn(after);
  return after;
};

const upNow = (campaign) =>
  isUp(campaign)
    ? `${calls(isUp(campaign))} ${isUp(campaign) === 1 ? "is" : "are"} up: ${isUp(campaign) === 1 ? "it ends by itself" : "they end by themselves"}, nobody is cut off.`
    : "No call is up at this moment.";

const NOBODY_LEFT = "Nobody else is left to be called.";
const left = (campaign) => campaign.counts.waiting + campaign.counts.claimed;

/** What starting a draft will mean, as the API foresees it. */
async function foreseen(campaign) {
  const told = await ask(`/v1/campaigns/${campaign.id}/forecast`, { body: {} });
  const skipped = sum(told.skipped, "calls");
  return [
    `${people(told.calls - skipped)} will be called, the first within seconds of your click unless the hours say otherwise.`,
    told.finishes ? `Done about ${moment(told.finishes.expected)}, at the latest ${moment(told.finishes.latest)}.` : told.finishes_reason,
    ...told.skipped.map((one) => `${people(one.calls)} will not be called: ${one.words}.`),
    ...told.problems.map((one) => `Not everybody can be called in time: ${localized(`${one.detail}. ${one.remedy}`)}`),
  ];
}

const QUESTIONS = {
  start: (campaign) => ({
    title: `Launch “${campaign.name}” now?`,
    look: () => foreseen(campaign),
    says: ["Phones begin to ring. It can be paused at any time."],
    verb: "Launch",
    done: "It runs.",
    keep: "Not yet",
    run: async () => {
      const after = await post(`/v1/campaigns/${campaign.id}/start`, { force: true });
      learn(after);
      return after;
    },
  }),
  pause: (campaign) => ({
    title: `Pause “${campaign.name}”?`,
    says: [
      "Within a second nothing new goes out.",
      upNow(campaign),
      left(campaign)
        ? `${people(left(campaign))} ${left(campaign) === 1 ? "waits" : "wait"} until you resume it. What has an end of its own may expire meanwhile.`
        : NOBODY_LEFT,
    ],
    verb: "Pause",
    done: "Paused.",
    keep: "Keep dialing",
    run: step(campaign, "pause"),
  }),
  resume: (campaign) => ({
    title: `Resume “${campaign.name}”?`,
    says: [
      `Within about a second its calls go out again, at up to ${count(sum(live.trunks, "calls_per_second"))} a second together with other campaigns.`,
      left(campaign) ? `${people(left(campaign))} ${left(campaign) === 1 ? "is" : "are"} still to be called.` : NOBODY_LEFT,
    ],
    verb: "Resume",
    done: "It goes on.",
    keep: "Stay paused",
    run: step(campaign, "resume"),
  }),
  cancel: (campaign) => ({
    title: `Cancel “${campaign.name}” for good?`,
    says: [
      left(campaign) ? `${people(left(campaign))} will not be called: their calls become “cancelled”, within seconds.` : NOBODY_LEFT,
      upNow(campaign),
      "This cannot be taken back. To stop for a while, pause it instead.",
    ],
    verb: "Cancel campaign",
    done: "Cancelled.",
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
      left(campaign) ? `${people(left(campaign))} will not be called unless it is resumed.` : NOBODY_LEFT,
      "Nobody who is hung up on is dialed again.",
    ].filter(Boolean),
    verb: "Hang up all",
    done: "Being hung up.",
    keep: "Let them talk",
    danger: true,
    run: async () => {
      await post(`/v1/campaigns/${campaign.id}/hang-up`);
      learn(await ask(`/v1/campaigns/${campaign.id}`));
    },
  }),
};

const VERBS = {
  draft: ["start", "cancel"],
  running: ["pause", "hang-up", "cancel"],
  paused: ["resume", "hang-up", "cancel"],
};
const LABELS = { start: "Launch …", pause: "Pause", resume: "Resume", cancel: "Cancel …", "hang-up": "Hang up all" };
const NEEDS = { start: ["launch"] };
const KINDS = { start: "primary", resume: "primary", "hang-up": "danger quiet", cancel: "danger quiet" };

/** Ask whether to do it, and do it; the campaign afterwards, or undefined. */
export const steer = (campaign, verb) => confirm(QUESTIONS[verb](campaign));

/** The buttons of a campaign; `few` leaves out what can wait until it is opened. */
export function Actions({ campaign, few }) {
  if (isOver(campaign) && !isUp(campaign)) return null;
  const verbs = (VERBS[campaign.state] ?? ["hang-up"]).filter((verb) => verb !== "cancel" || !(few || isBuiltIn(campaign)));
  return html`<div class="buttons" role="group" aria-label=${`Steer ${campaign.name}`}>
    ${verbs.map((verb) => html`<${Action} key=${verb} needs=${NEEDS[verb] ?? ["operate", "launch"]} label=${LABELS[verb]} kind=${KINDS[verb]} onClick=${() => steer(campaign, verb)} />`)}
  </div>`;
}
