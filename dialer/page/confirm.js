/**
 * The dialog before whatever matters: it says what will happen and how long it takes, and the safe button has the focus.
 *
 * @typedef {{title: string, says: string[], verb: string, keep: string, danger?: boolean, run: () => Promise<any>, look?: () => Promise<string[]>}} Question
 *   `says`: sentences that are known at once; `look`: fetches those that are not, such as a preview.
 */
import { html, useEffect, useRef, useState } from "./preact.js";
import { Trouble } from "./parts.js";

let show = () => {};

/** Ask before something is done. Resolves to what `run` gave, or undefined where it was not done. @param {Question} question */
export const confirm = (question) => new Promise((settle) => show({ ...question, settle }));

/** The one place of the dialog. */
export function Dialog() {
  const [question, setQuestion] = useState(null);
  show = setQuestion;
  return question ? html`<${Open} key=${question.title} question=${question} done=${() => setQuestion(null)} />` : null;
}

function Open({ question, done }) {
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
  const leave = (result) => {
    dialog.current.close();
    question.settle(result);
    done();
  };
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      leave(await question.run());
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
