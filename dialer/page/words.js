/** The dialer's vocabulary in words for people, and which colour each has (`--c-…` in parts.css). */

export const DISPOSITIONS = {
  confirmed: "Confirmed",
  answered: "Answered",
  machine: "Answering machine",
  opted_out: "Opted out",
  busy: "Busy",
  no_answer: "No answer",
  rejected: "Rejected",
  invalid_number: "Invalid number",
  failed: "Failed",
  cancelled: "Cancelled",
  suppressed: "Suppressed",
  expired: "Expired",
  undetermined: "Undetermined",
};

export const CALL_STATES = {
  waiting: "Waiting",
  claimed: "About to leave",
  placing: "Being placed",
  unknown: "In doubt",
  live: "On the line",
  done: "Done",
};

export const CAMPAIGN_STATES = {
  draft: "Draft",
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  cancelled: "Cancelled",
};

export const EVENTS = {
  started: "The carrier began the call",
  ringing: "Rings",
  answered: "Picked up",
  human: "A person",
  machine: "An answering machine",
  answer_fetched: "The carrier fetched what to say",
  input: "Keys",
  completed: "Over",
  busy: "Busy",
  timeout: "Rang out",
  cancelled: "Stopped before an answer",
  unanswered: "Not answered",
  rejected: "Rejected",
  failed: "Failed",
  record: "Recorded",
  transfer: "Joined the others",
};

export const KINDS = { notification: "Message", script: "Script", conference: "Conference", escalation: "Escalation" };

const NOT_REACHED = ["busy", "no_answer", "rejected", "machine", "invalid_number", "failed"];
const CALLED_OFF = ["opted_out", "suppressed", "cancelled", "expired"];

/**
 * The parts of a campaign's bar: they add up to its total.
 * @returns {{id: string, label: string, count: number}[]}
 */
export function partsOf(campaign) {
  const { counts, dispositions, success } = campaign;
  const of = (names) => names.filter((name) => !success.includes(name)).reduce((sum, name) => sum + dispositions[name], 0);
  const reached = success.reduce((sum, name) => sum + dispositions[name], 0);
  return [
    { id: "success", label: "reached", count: reached },
    { id: "answered", label: "answered only", count: of(["answered", "confirmed"]) },
    { id: "missed", label: "not reached", count: of(NOT_REACHED) },
    { id: "off", label: "called off", count: of(CALLED_OFF) },
    { id: "doubt", label: "in doubt", count: of(["undetermined"]) + counts.unknown },
    { id: "live", label: "on the line", count: counts.live + counts.placing },
    { id: "claimed", label: "about to leave", count: counts.claimed },
    { id: "waiting", label: "waiting", count: counts.waiting },
  ];
}

/** How a campaign's calls ended, the most frequent first. */
export function endingsOf(campaign) {
  return Object.entries(campaign.dispositions)
    .map(([id, count]) => ({ id, label: DISPOSITIONS[id] ?? id, count }))
    .filter((part) => part.count)
    .sort((a, b) => b.count - a.count);
}

/** Single calls belong to campaigns that are always there and never end; of interest while something of them is open. */
export const isBuiltIn = (campaign) => /^direct(-|$)/.test(campaign.id);
/** Why an escalation is over that nobody has taken over; whoever confirms it yet takes it over. */
export const UNSETTLED = { exhausted: "everybody was called, and too few have confirmed", expired: "its time was up before enough had confirmed" };
export const isUnsettled = (campaign) => campaign.kind === "escalation" && campaign.over_reason in UNSETTLED;

export const isOver = (campaign) => ["completed", "cancelled"].includes(campaign.state);
export const isUp = (campaign) => campaign.counts.live + campaign.counts.placing + campaign.counts.unknown;
export const isLeft = (campaign) => campaign.total - campaign.counts.done;
export const isListed = (campaign) => !isBuiltIn(campaign) || isLeft(campaign);
