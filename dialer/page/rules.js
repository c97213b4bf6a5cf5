/** The third step of a launch: when, how urgent, how often, until when; and the body that the API is sent for all of it. */
import { ownZone } from "./format.js";
import { Field } from "./parts.js";
import { html } from "./preact.js";

export const FIRST_RULES = {
  name: "",
  priority: "normal",
  hours: "day",
  days: "mo-su",
  from: "09:00",
  to: "20:00",
  holidays: "",
  busy: "2",
  busyAfter: "5",
  noAnswer: "1",
  noAnswerAfter: "60",
  ends: "",
  slots: "",
};

/** @param {{rules: typeof FIRST_RULES, change: (changes: object) => void}} given */
export function Rules({ rules, change }) {
  const bound = (name) => ({ value: rules[name], onInput: (event) => change({ [name]: event.target.value }) });
  return html`<div class="fields">
      <${Field} label="Name" hint="How it is called in lists." wide><input ...${bound("name")} maxlength="200" required /><//>
      <${Field} label="Priority" hint="Urgent ones get the next free moment before all others.">
        <select ...${bound("priority")}><option value="urgent">Urgent</option><option value="normal">Normal</option><option value="background">Background</option></select><//>
      <${Field} label="Calls up at the same time" hint="Empty: as many as the budget gives."><input type="number" min="1" ...${bound("slots")} /><//>
    </div>
    <fieldset><legend>When</legend><div class="fields">
      <${Field} label="Hours" hint="On the clock of whoever is called, by the number.">
        <select ...${bound("hours")}><option value="day">These hours</option><option value="any">At any hour, at night too</option><option value="usual">As this dialer is set up</option></select><//>
      ${rules.hours === "day" ? html`<${Day} bound=${bound} />` : null}
      <${Field} label="Ends at the latest" hint=${`Who was not called by then is not called late. Your time, ${ownZone()}.`}><input type="datetime-local" ...${bound("ends")} /><//>
    </div></fieldset>
    <fieldset><legend>Who was not reached</legend><div class="fields">
      <${Again} label="Busy" times=${bound("busy")} after=${bound("busyAfter")} />
      <${Again} label="No answer" times=${bound("noAnswer")} after=${bound("noAnswerAfter")} />
    </div></fieldset>`;
}

const Day = ({ bound }) => html`<${Field} label="Days"><select ...${bound("days")}><option value="mo-su">Every day</option><option value="mo-fr">Monday to Friday</option><option value="mo-sa">Monday to Saturday</option></select><//>
  <div class="pair"><${Field} label="From"><input type="time" ...${bound("from")} /><//><${Field} label="To"><input type="time" ...${bound("to")} /><//></div>
  <${Field} label="Not on holidays of" hint="A country such as NL or DE-BY; empty: any day."><input ...${bound("holidays")} maxlength="20" /><//>`;

/** How often somebody is called again, and after how long. */
const Again = ({ label, times, after }) => html`<div class="pair">
  <${Field} label=${`${label}: again, times`}><input type="number" min="0" max="20" ...${times} /><//>
  <${Field} label="after minutes"><input type="number" min="1" max="10000" aria-label=${`${label}: after minutes`} ...${after} /><//></div>`;

/** What `POST /v1/campaigns` is sent. */
export function bodyOf(text, rules) {
  const redial = { ...again("busy", rules.busy, rules.busyAfter), ...again("no_answer", rules.noAnswer, rules.noAnswerAfter) };
  return {
    name: rules.name.trim(),
    kind: "notification",
    script: scriptOf(text),
    priority: rules.priority,
    redial,
    ...(rules.hours === "usual" ? {} : { windows: windowsOf(rules) }),
    ...(rules.ends ? { expires_at: new Date(rules.ends).toISOString() } : {}),
    ...(rules.slots ? { slots: Number(rules.slots) } : {}),
  };
}

const again = (name, times, minutes) => (Number(times) ? { [name]: { times: Number(times), after_s: Number(minutes) * 60 } } : {});

function windowsOf({ hours, days, from, to, holidays }) {
  if (hours === "any") return {};
  return { hours: [{ days, from, to: to === "00:00" ? "24:00" : to }], ...(holidays.trim() ? { holidays: holidays.trim().toUpperCase() } : {}) };
}

function scriptOf({ text, language, style, confirm, optOut, machine }) {
  return {
    text,
    language,
    ...(style === "" ? {} : { style: Number(style) }),
    ...(confirm ? { confirm_key: "1" } : {}),
    ...(optOut ? { opt_out_key: "9" } : {}),
    ...(machine ? { machine_detection: machine } : {}),
  };
}
