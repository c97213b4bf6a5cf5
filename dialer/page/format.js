/** How numbers, moments and durations are written: in the viewer's own zone and way. */

const COUNT = new Intl.NumberFormat("en-GB");
const RATE = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const EURO = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const MOST = 8.64e15;

export const count = (value) => COUNT.format(value ?? 0);
export const rate = (value) => RATE.format(value ?? 0);
/** Prices of single calls are parts of a cent. */
export const euro = (value) => (value > 0 && value < 0.1 ? `€${Number(value).toFixed(4)}` : EURO.format(value ?? 0));
export const people = (value) => (value === 1 ? "1 person" : `${count(value)} people`);
export const calls = (value) => (value === 1 ? "1 call" : `${count(value)} calls`);

/** A part of a whole in percent, never 100 % before all is done and never 0 % once one is. */
export function percent(part, whole) {
  if (!whole) return "0 %";
  const exact = (100 * part) / whole;
  const shown = part && exact < 1 ? 1 : part < whole && exact > 99 ? 99 : Math.round(exact);
  return `${shown} %`;
}

/** Such as 14:05, with the day where it is not today. */
export function moment(text) {
  if (!text) return "–";
  const at = new Date(text);
  const day = at.getFullYear() === new Date().getFullYear() ? DAY.format(at) : `${DAY.format(at)} ${at.getFullYear()}`;
  return isToday(at) ? CLOCK.format(at) : `${day}, ${CLOCK.format(at)}`;
}

/** The API's sentences name moments in UTC: here they are the viewer's; zones of other people stay named as they are. */
export const localized = (words) => words.replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC/g, (_, day, time) => moment(`${day}T${time}Z`));

/** Such as 14:05:09.123, for time lines. */
export function exactly(text) {
  const at = new Date(text);
  const day = isToday(at) ? "" : `${DAY.format(at)}, `;
  return `${day}${SECONDS.format(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

const isToday = (at) => at.toDateString() === new Date().toDateString();

/** Such as "3 min", "2 h 10 min", "4 days": as exact as anybody cares. */
export function duration(seconds) {
  const s = Math.max(0, Math.min(Math.round(seconds), MOST));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return withRest(s, 3600, "h", 60, "min");
  return withRest(s, 86400, "d", 3600, "h");
}

function withRest(s, unit, name, part, partName) {
  const rounded = Math.round(s / part) * part;
  const rest = (rounded % unit) / part;
  return `${Math.floor(rounded / unit)} ${name}${rest ? ` ${rest} ${partName}` : ""}`;
}

/** How long until a moment, in seconds. */
export const secondsUntil = (text) => (new Date(text) - Date.now()) / 1000;

/** The viewer's zone, to be named where the zone of somebody else counts as well. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function bytes(value) {
  if (!value) return "–";
  return value < 1e6 ? `${Math.ceil(value / 1000)} kB` : `${RATE.format(value / 1e6)} MB`;
}
