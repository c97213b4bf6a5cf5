/**
 * What the page knows of the dialer, kept current: all campaigns, the budget of each trunk, how the API is heard.
 *
 * One store for all views; whoever shows something of it calls `useLive` and is drawn anew when it changes.
 */
import { ask, key } from "./api.js";
import { useEffect, useState } from "./preact.js";

const EVERY_MS = { campaigns: 2000, budget: 1000, rights: 60_000 };
const PAGE = 200;
export const KEPT_S = 120;

/**
 * @typedef {{at: number, started: number, refused: number}} Sample calls a second at a moment (ms)
 * @type {{campaigns: Map<string, object>, loaded: boolean, trunks: object[], samples: Sample[], connection: string, trouble: string, me: {roles: string[]} | null}}
 */
export const live = {
  campaigns: new Map(),
  loaded: false,
  trunks: [],
  samples: [],
  connection: "connecting",
  trouble: "",
  me: null,
};

const listeners = new Set();
let drawing = 0;

/** Tell all views, at most once a frame. */
export function changed() {
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = 0;
    listeners.forEach((listener) => listener());
  }, 30);
}

/** The store, for a view that is to be drawn anew with it. */
export function useLive() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((n) => n + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return live;
}

/** Take in what a changed campaign was answered as, before it is told by itself. */
export function learn(campaign) {
  live.campaigns.set(campaign.id, campaign);
  changed();
}

/** Keep the store current until the returned function is called. */
export function follow() {
  const stops = [repeat(EVERY_MS.campaigns, readCampaigns), repeat(EVERY_MS.budget, readTrunks)];
  return () => {
    stops.forEach((stop) => stop());
    Object.assign(live, { campaigns: new Map(), loaded: false, trunks: [], samples: [], connection: "connecting", me: null });
  };
}

/** Run something again and again, the next time so long after the last one has ended; hidden pages rest. */
export function repeat(everyMs, run) {
  let timer = 0;
  let ended = false;
  const again = async () => {
    if (!document.hidden && key()) await run().catch(() => {});
    if (!ended) timer = setTimeout(again, everyMs);
  };
  again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

async function readCampaigns() {
  try {
    const found = new Map();
    let cursor = null;
    do {
      const page = await ask(`/v1/campaigns?limit=${PAGE}${cursor ? `&cursor=${cursor}` : ""}`);
      page.campaigns.forEach((campaign) => found.set(campaign.id, campaign));
      cursor = page.next_cursor;
    } while (cursor && found.size < 1000);
    Object.assign(live, { campaigns: found, loaded: true, connection: "polling", trouble: "" });
  } catch (error) {
    Object.assign(live, { connection: "lost", trouble: error.message });
  }
  changed();
}

async function readTrunks() {
  const { trunks } = await ask("/v1/trunks");
  sample(trunks, Date.now());
}

/** Note what each trunk has done since the last look. */
function sample(trunks, at) {
  const before = live.read;
  const now = { at, accepted: sum(trunks, "accepted"), refused: sum(trunks, "refused") };
  live.read = now;
  live.trunks = trunks;
  if (before && at > before.at) {
    const s = (at - before.at) / 1000;
    const started = Math.max(0, now.accepted - before.accepted) / s;
    const refused = Math.max(0, now.refused - before.refused) / s;
    live.samples = [...live.samples, { at, started, refused }].filter((one) => one.at > at - KEPT_S * 1000);
  }
  changed();
}

export const sum = (list, name) => list.reduce((total, one) => total + (one[name] ?? 0), 0);

/** Whether the key has a role; `reason` says in words why a button is off. */
export function may(role) {
  return !live.me || live.me.roles.includes(role) || live.me.roles.includes("admin");
}
