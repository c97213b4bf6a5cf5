/** The second step of a launch: what is said, by which voice, what may be pressed, and how it sounds for real people. */
import { ask } from "./api.js";
import { lookAt } from "./list.js";
import { Field } from "./parts.js";
import { html, useEffect, useState } from "./preact.js";

const TYPING_MS = 350;
export const FIRST_TEXT = { text: "", language: "", style: "", confirm: false, optOut: false, machine: "" };

function useVoices(language) {
  const [voices, setVoices] = useState([]);
  useEffect(() => {
    ask("/v1/voices").then((told) => setVoices(told.voices), () => {});
  }, []);
  const languages = [...new Map(voices.map((one) => [one.language, one.language_name]))].sort((a, b) => a[1].localeCompare(b[1]));
  return { languages, voices: voices.filter((one) => one.language === language) };
}

/** The viewer's own language where it can be spoken. */
function likely(languages) {
  const codes = languages.map(([code]) => code);
  const own = navigator.language;
  return codes.find((code) => code === own) ?? codes.find((code) => code.split("-")[0] === own.split("-")[0]) ?? "en-GB";
}

/**
 * The list looked at with the text, a moment after the last key.
 * @returns {{look: object | null, wrong: string, heard: string | null}} `heard`: the text that it was
 */
export function useLook(list, text) {
  const [seen, setSeen] = useState({ look: null, wrong: "", heard: null });
  useEffect(() => {
    if (!list || !text.text.trim()) return setSeen({ look: null, wrong: "", heard: null });
    let stale = false;
    const tell = (found) => !stale && setSeen({ ...found, heard: text.text });
    const missing = (look) => look.missing.filter((name) => name !== "number").map((name) => `“${name}”`).join(", ");
    const timer = setTimeout(() => {
      lookAt(list, text).then(
        (look) => tell({ look, wrong: look.missing.length ? `The list has no column ${missing(look)}.` : "" }),
        (error) => tell({ look: null, wrong: error.message }),
      );
    }, TYPING_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [list, text.text, text.language]);
  return seen;
}

/** @param {{text: typeof FIRST_TEXT, change: (changes: object) => void, list: import("./list.js").List, seen: ReturnType<typeof useLook>}} given */
export function TextStep({ text, change, list, seen }) {
  const { languages, voices } = useVoices(text.language);
  useEffect(() => {
    if (languages.length && !text.language) change({ language: likely(languages) });
  }, [languages.length]);
  const said = list.look.columns.filter((one) => one.use === "variable").map((one) => `{{ ${one.name} }}`);
  const tick = (name, label) => html`<label class="tick"><input type="checkbox" checked=${text[name]} onChange=${(e) => change({ [name]: e.target.checked })} /> ${label}</label>`;
  const bound = (name, more = {}) => ({ value: text[name], onChange: (event) => change({ [name]: event.target.value, ...more }) });
  return html`<div class="fields">
    <${Field} label="What is said" wide error=${seen.wrong} hint=${said.length ? `Can be said: ${said.join(", ")}` : "The list has no further columns to be said."}>
      <textarea rows="5" value=${text.text} aria-invalid=${Boolean(seen.wrong)} onInput=${(e) => change({ text: e.target.value })} placeholder="Hello {{ name }}, the power is back at three o'clock." /><//>
    <${Field} label="Language"><select ...${bound("language", { style: "" })}>${languages.map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}</select><//>
    <${Field} label="Voice"><select ...${bound("style")}><option value="">The usual one</option>${voices.map((one) => html`<option key=${one.style} value=${one.style}>${one.name ?? `Style ${one.style}`} (${one.gender})</option>`)}</select><//>
    <${Field} label="Answering machines"><select ...${bound("machine")}><option value="">Are not looked for</option><option value="hangup">Hang up on them</option><option value="continue">Speak to them</option></select><//>
    <div class="field">${tick("confirm", "Press 1 to confirm")}${tick("optOut", "Press 9 never to be called again")}</div>
  </div>
  <${Heard} rows=${seen.look?.rows ?? []} />`;
}

function Heard({ rows }) {
  const [place, setPlace] = useState(0);
  const row = rows[place % (rows.length || 1)];
  return html`<figure class="heard-as"><figcaption>${row ? `As ${row.variables.name ?? row.numbers[0]} hears it` : "As somebody of the list hears it"}
      ${rows.length > 1 ? html`<button type="button" onClick=${() => setPlace(place + 1)}>Somebody else</button>` : null}</figcaption>
    <blockquote aria-live="polite">${row ? row.speech.map((one) => one.text).join(" ") : "…"}</blockquote></figure>`;
}
