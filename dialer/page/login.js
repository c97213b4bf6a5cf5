/** The login: the API key is tried at once, and kept for this tab alone. */
import { ask, logIn, logOut } from "./api.js";
import { Field } from "./parts.js";
import { html, useEffect, useRef, useState } from "./preact.js";

export function Login({ then }) {
  const field = useRef(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Log in · dialer";
    field.current.focus();
  }, []);
  const tried = async (event) => {
    event.preventDefault();
    const given = field.current.value.trim();
    if (!given) return setWrong("Enter the API key.");
    setBusy(true);
    const failed = await attempt(given);
    setBusy(false);
    return failed ? setWrong(failed) : then();
  };
  return html`<main class="login">
    <form onSubmit=${tried} novalidate>
      <h1><img src="/page/icon.svg" alt="" width="36" height="36" />dialer</h1>
      <${Field} label="API key" error=${wrong} hint="As DIALER_API_KEY has it, or as “dialer up” printed it. It stays in this tab and is forgotten when you close it.">
        <input ref=${field} type="password" name="key" autocomplete="off" spellcheck=${false} aria-invalid=${Boolean(wrong)} />
      <//>
      <button class="primary" type="submit" disabled=${busy}>${busy ? "Trying …" : "Log in"}</button>
    </form>
  </main>`;
}

/** Why a key does not do, or "". */
async function attempt(given) {
  if (/[^\x20-\x7e]/.test(given)) return "A key has no such characters. Copy it once more.";
  logIn(given);
  try {
    await ask("/v1/campaigns?limit=1");
    return "";
  } catch (error) {
    logOut();
    return error.status === 401 ? "This key is not taken. Copy it once more, or ask who runs the dialer." : error.message;
  }
}
