/** Small parts that all views are made of. Whatever people wrote is text in them, never markup. */
import { count, percent } from "./format.js";
import { useLive, may } from "./live.js";
import { html, useEffect, useRef } from "./preact.js";
import { CAMPAIGN_STATES, DISPOSITIONS, CALL_STATES } from "./words.js";

/** The heading of a view: it gets the focus when the view is opened, and names the window. */
export function Title({ text, children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${text} · dialer`;
  }, [text]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return html`<div class="title"><h1 tabindex="-1" ref=${heading}>${text}</h1>${children}</div>`;
}

export const Badge = ({ kind, children }) => html`<span class=${`badge ${kind}`}>${children}</span>`;

export const CampaignState = ({ state, unsettled = false }) =>
  unsettled ? html`<${Badge} kind="d-failed">Not confirmed<//>` : html`<${Badge} kind=${`s-${state}`}>${CAMPAIGN_STATES[state] ?? state}<//>`;

/** How a call stands: its disposition once it is done, else its state. */
export function CallState({ call }) {
  const done = call.state === "done";
  const label = done ? (DISPOSITIONS[call.disposition] ?? call.disposition) : (CALL_STATES[call.state] ?? call.state);
  return html`<${Badge} kind=${done ? `d-${call.disposition}` : `s-${call.state}`}>${label}<//>`;
}

/**
 * One bar of parts that add up, told as a sentence to who cannot see it.
 * @param {{parts: {id: string, label: string, count: number}[], total: number, name: string, tall?: boolean}} given
 */
export function Bar({ parts, total, name, tall }) {
  const shown = parts.filter((part) => part.count);
  const told = shown.map((part) => `${part.label} ${count(part.count)}`).join(", ") || "none yet";
  return html`<div class=${tall ? "bar tall" : "bar"} role="img" aria-label=${`${name}: ${told}`}>
    ${shown.map((part) => html`<span key=${part.id} class=${`part p-${part.id}`} style=${`flex-grow:${(part.count / (total || 1)) * 1000}`} title=${`${part.label}: ${count(part.count)}`} />`)}
  </div>`;
}

/** What the colours of a bar mean, with its numbers. */
export function Legend({ parts, total }) {
  return html`<ul class="legend">
    ${parts.map((part) => html`<li key=${part.id} class=${part.count ? "" : "none"}>
      <i class=${`dot p-${part.id}`} aria-hidden="true" /><b>${count(part.count)}</b> <span>${part.label}</span>
      ${part.count && total ? html`<small>${percent(part.count, total)}</small>` : null}
    </li>`)}
  </ul>`;
}

/** A figure with its name. */
export const Figure = ({ name, children, note }) =>
  html`<div class="figure"><dt>${name}</dt><dd>${children}${note ? html`<small>${note}</small>` : null}</dd></div>`;

/** Something to be read: `kind` is info, good, warn or bad. */
export const Notice = ({ kind = "info", children, role }) => html`<div class=${`notice ${kind}`} role=${role}>${children}</div>`;

/** A failure of a request. */
export const Trouble = ({ error }) => (error ? html`<${Notice} kind="bad" role="alert">${error.message}<//>` : null);

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

export const Loading = () => html`<p class="empty" role="status">Loading …</p>`;

/** A button that one of some roles is needed for; off, with the reason, where the key has it not. */
export function Action({ needs, label, kind = "", onClick, disabled, why, type = "button" }) {
  useLive();
  const allowed = !needs || may(...needs);
  const reason = allowed ? why : `Your key may not do this: it needs the role “${needs[0]}”.`;
  return html`<button type=${type} class=${kind} disabled=${disabled || !allowed} title=${reason} onClick=${onClick}>${label}</button>`;
}

/** A field with its label, what it means and what is wrong with it. */
export function Field({ label, hint, error, children, wide }) {
  return html`<label class=${wide ? "field wide" : "field"}>
    <span class="name">${label}</span>${children}
    ${hint ? html`<small class="hint">${hint}</small>` : null}
    ${error ? html`<small class="wrong" role="alert">${error}</small>` : null}
  </label>`;
}
