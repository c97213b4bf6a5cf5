/**
 * The API's stream of server-sent events, read by fetch: EventSource cannot send a key.
 *
 * What breaks off is begun again, after a growing wait, from the last event that was heard. A stream that says nothing
 * for a while is taken for broken: a `budget` comes once a second.
 */
import { key, request } from "./api.js";

const QUIET_MS = 6000;
const WAITS_MS = [500, 1000, 2000, 5000, 10_000];

/**
 * @param {{hear: (name: string, told: object) => void, heard: (is: boolean) => void}} tell
 * @returns {() => void} ends it
 */
export function listen({ hear, heard }) {
  const ending = new AbortController();
  run(ending.signal, hear, heard);
  return () => ending.abort();
}

async function run(ended, hear, heard) {
  const place = { last: "" };
  let failures = 0;
  while (!ended.aborted) {
    const began = () => {
      failures = 0;
      heard(true);
    };
    await once(ended, place, began, hear).catch(() => {});
    if (ended.aborted) return;
    heard(false);
    await wait(WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)], ended);
  }
}

async function once(ended, place, began, hear) {
  const quiet = new AbortController();
  const end = () => quiet.abort();
  ended.addEventListener("abort", end);
  let timer = setTimeout(end, QUIET_MS);
  try {
    if (!key()) return;
    const headers = place.last ? { "Last-Event-ID": place.last } : {};
    const response = await request("/v1/events", { headers, signal: quiet.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    began();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(end, QUIET_MS);
      const pieces = (rest + value).split("\n\n");
      rest = pieces.pop();
      pieces.forEach((piece) => take(piece, place, hear));
    }
  } finally {
    clearTimeout(timer);
    ended.removeEventListener("abort", end);
    quiet.abort();
  }
}

/** One event: its lines are `id`, `event`, `data`; what begins with a colon is no event but a sign of life. */
function take(piece, place, hear) {
  const fields = {};
  for (const line of piece.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
  }
  if (fields.id) place.last = fields.id;
  if (fields.event && fields.data) hear(fields.event, JSON.parse(fields.data));
}

function wait(ms, ended) {
  return new Promise((then) => {
    const timer = setTimeout(then, ms);
    ended.addEventListener("abort", () => (clearTimeout(timer), then()), { once: true });
  });
}
