/** A recording that plays: its sound is asked for with the key, and only when somebody wants to hear it. */
import { ask, request } from "./api.js";
import { bytes, moment } from "./format.js";
import { repeat } from "./live.js";
import { Trouble } from "./parts.js";
import { html, useEffect, useRef, useState } from "./preact.js";

const EVERY_MS = 2000;
const STATES = { waiting: "is being fetched from the carrier", failed: "could not be fetched yet; it is tried again", gone: "is gone" };

/** @param {{id: string, known?: object}} given what is known of it already, if anything */
export function Player({ id, known }) {
  const [recording, setRecording] = useState(known ?? null);
  const [url, setUrl] = useState("");
  const [error, setError] = useState(null);
  const sound = useRef(null);
  const settled = ["stored", "gone"].includes(recording?.state);
  useEffect(() => (settled ? undefined : repeat(EVERY_MS, () => ask(`/v1/recordings/${id}`).then(setRecording, setError))), [id, settled]);
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  useEffect(() => {
    if (url) sound.current.play().catch(() => {});
  }, [url]);
  const load = () =>
    request(`/v1/recordings/${id}/audio`)
      .then((response) => response.blob())
      .then((blob) => setUrl(URL.createObjectURL(blob)), setError);
  if (!recording) return html`<${Trouble} error=${error} />`;
  const name = `Recording of ${moment(recording.started_at ?? recording.told_at)}`;
  const ready = recording.state === "stored";
  return html`<div class="player"><span>${name} <small>${ready ? bytes(recording.size_bytes) : STATES[recording.state]}</small></span>
    ${url ? html`<audio ref=${sound} controls src=${url} aria-label=${name} />` : html`<button type="button" disabled=${!ready} onClick=${load}>▶ Play</button>`}
    <${Trouble} error=${error} />
  </div>`;
}
