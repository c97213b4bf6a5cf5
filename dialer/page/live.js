/**
 * What the page knows of the dialer, kept current: all campaigns, the budget of each trunk, how the API is heard.
 * The stream tells what changes; where it is away (a proxy that keeps it back, too many listeners) the API is asked.
 *
 * One store for all views; whoever shows something of it calls `useLive` and is drawn anew when it changes.
 */
import { ask, key, query } from "./api.js";
import { listen } from "./stream.js";
import { useEffect, useState } from "./preact.js";

const EVERY_MS = { asked: 2000 };
const PAGE = 200;
const MOST_CAMPAIGNS = 1000;
export const KEPT_S = 120;

const FRESH = {
  loaded: false,
  trunks: [],
  samples: [],
  read: null,
  up: null,
  due: null,
  workers: null,
  isOld: false,
  connection: "connecting",
  isHeard: false,
  trouble: "",
  me: null,
};

/**
 * @typedef {{at: number, started: number, refused: number}} Sample calls a second at a moment (ms)
 * @type {{campaigns: Map<string, object>, loaded: boolean, trunks: object[], samples: Sample[], up: number | null, due: number | null, workers: number | null, isOld: boolean, connection: string, isHeard: boolean, trouble: string, me: {name: string, may: string[]} | null}}
 */
export const live = { ...FRESH, campaigns: new Map() };

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

/** Keep the store current until the returned function is called: by the stream, by asking while that is away. */
export function follow() {
  const stream = listen({ hear, heard });
  const stops = [stream, repeat(EVERY_MS.asked, () => (live.connection === "live" ? null : readAll()))];
  return () => {
    stops.forEach((stop) => stop());
    Object.assign(live, FRESH, { campaigns: new Map() });
  };
}

/** @param {boolean} is whether the stream is heard */
function heard(is) {
  if (is) readAll();
  else live.connection = live.connection === "live" ? "connecting" : live.connection;
  live.isHeard = is;
  changed();
}

const HEAR = {
  campaign: takeIn,
  budget: (told) => {
    Object.assign(live, { up: told.live, due: told.due, workers: told.workers, isOld: told.data_old });
    sample(told.trunks.map((one) => ({ ...one, name: one.trunk })), Date.parse(told.at));
  },
  gone: ({ id }) => live.campaigns.delete(id),
  reset: readAll,
};

function hear(name, told) {
  HEAR[name]?.(told);
  changed();
}

/** A campaign in little goes onto what is known of it; one that is new is asked for. */
function takeIn(told) {
  const known = live.campaigns.get(told.id);
  if (known) live.campaigns.set(told.id, { ...known, ...told });
  else ask(`/v1/campaigns/${told.id}`).then(learn, () => {});
}

/** Run something again and again, the next time so long after the last one has ended; hidden pages rest. */
export function repeat(everyMs, run) {
  let timer = 0;
  let ended = false;
  const again = async () => {
    if (!document.hidden && key()) await run()?.catch(() => {});
    if (!ended) timer = setTimeout(again, everyMs);
  };
  again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Everything anew, as the API's lists have it. */
async function readAll() {
  try {
    const found = new Map();
    let cursor = null;
    do {
      const page = await ask(`/v1/campaigns${query({ limit: PAGE, cursor })}`);
      page.campaigns.forEach((campaign) => found.set(campaign.id, campaign));
      cursor = page.next_cursor;
    } while (cursor && found.size < MOST_CAMPAIGNS);
    Object.assign(live, { campaigns: found, loaded: true, trouble: "", connection: live.isHeard ? "live" : "polling" });
    if (!live.isHeard) sample((await ask("/v1/trunks")).trunks, Date.now());
  } catch (error) {
    Object.assign(live, { connection: "lost", trouble: error.message });
  }
  changed();
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
}

export const sum = (list, name) => list.reduce((total, one) => total + (one[name] ?? 0), 0);

/** Whether the key may do what one of these roles is needed for. */
export const may = (...roles) => !live.me || roles.some((role) => live.me.may.includes(role));
