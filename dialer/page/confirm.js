/**
 * The dialog before whatever matters: it says what will happen and how long it takes, and the safe button has the focus.
 *
 * @typedef {{title: string, says: string[], verb: string, keep: string, done?: string, danger?: boolean, run: () => Promise<any>, look?: () => Promise<string[]>}} Question
 *   `says`: sentences that are known at once; `look`: fetches those that are not, such as a preview.
 */
import { html, useEffect, useRef, useState } from "./preact.js";
import { Trouble } from "./parts.js";

const SAID_MS = 5000;
let show = () => {};

/** Ask before something is done. Resolves to what `run` gave (or true), undefined where it was not done. @param {Question} question */
export const confirm = (question) => new Promise((settle) => show({ ...question, settle }));

/** The one place of the dialog, and of the sentence after it that says what was done. */
export function Dialog() {
  const [question, setQuestion] = useState(null);
  const [said, setSaid] = useState("");
  show = setQuestion;
  useEffect(() => {
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const close = (sentence) => {
    setQuestion(null);
    setSaid(sentence ?? "");
  };
  return html`<div class="said-after" role="status">${said ? html`<p>${said}</p>` : null}</div>
    ${question ? html`<${Open} key=${question.title} question=${question} close=${close} />` : null}`;
}

function Open({ question, close }) {
  const dialog = useRef(null);
  const safe = useRef(null);
  const [looked, setLooked] = useState(question.look ? null : []);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    dialog.current.showModal();
    safe.current.focus();
    question.look?.().then(setLooked, (failed) => {
      setLooked([]);
      setError(failed);
    });
  }, []);
  const leave = (result, sentence) => {
    dialog.current.close();
    question.settle(result);
    close(sentence);
  };
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      leave((await question.run()) ?? true, question.done ?? "Done.");
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  const cancelled = (event) => {
    event.preventDefault();
    if (!busy) leave(undefined);
  };
  const sentences = [...(looked ?? ["Looking at what is up …"]), ...question.says];
  return html`<dialog ref=${dialog} aria-labelledby="asked" aria-describedby="told" onCancel=${cancelled}>
    <h2 id="asked">${question.title}</h2>
    <div id="told">${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>
    <${Trouble} error=${error} />
    <div class="buttons">
      <button type="button" ref=${safe} onClick=${() => leave(undefined)} disabled=${busy}>${question.keep}</button>
      <button type="button" class=${question.danger ? "danger" : "primary"} onClick=${run} disabled=${busy || looked === null}>
        ${busy ? "Doing it …" : question.verb}
      </button>
    </div>
  </dialog>`;
}
