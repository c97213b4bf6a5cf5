/**
 * Everything that the page asks of the dialer's API: one function for requests, one for the session's key.
 *
 * The key lies in sessionStorage, so it ends with the tab; it is sent as a header by fetch alone, never as a cookie.
 */

const KEY = "dialer.key";

/** A refusal, as the API tells it (RFC 9457), or a connection that failed (status 0). */
export class Problem extends Error {
  /** @param {number} status @param {{detail?: string, title?: string, field?: string, problems?: object[], errors?: {field: string, message: string}[]}} told */
  constructor(status, told) {
    super(told.detail || told.title || `The API answered ${status}.`);
    this.status = status;
    this.told = told;
  }
}

let onLoggedOut = () => {};

/** @param {() => void} then what follows when the API no longer takes the key */
export function whenLoggedOut(then) {
  onLoggedOut = then;
}

export const key = () => sessionStorage.getItem(KEY);
export const logIn = (given) => sessionStorage.setItem(KEY, given);

/** Forget the key and show the login. */
export function logOut() {
  sessionStorage.removeItem(KEY);
  onLoggedOut();
}

/**
 * One request. Raises Problem; a key that is no longer taken logs out.
 * @param {string} path
 * @param {{method?: string, body?: any, headers?: Record<string, string>, signal?: AbortSignal}} options a plain
 *   object as `body` is sent as JSON, anything else as it is
 * @returns {Promise<Response>}
 */
export async function request(path, { method = "GET", body, headers = {}, signal } = {}) {
  const isJson = body !== undefined && !(body instanceof Blob);
  const sent = isJson ? JSON.stringify(body) : body;
  const own = isJson ? { "Content-Type": "application/json" } : {};
  const all = { Authorization: `Bearer ${key()}`, "X-Dialer-Actor": "operator page", ...own, ...headers };
  let response;
  try {
    response = await fetch(path, { method, body: sent, headers: all, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The dialer does not answer. Its API may be restarting, or your network is away." });
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  if (response.status === 401 && key()) logOut();
  throw new Problem(response.status, told);
}

/** GET or, with a body, POST; the JSON that is answered. */
export async function ask(path, options = {}) {
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const response = await request(path, { ...options, method });
  return response.status === 204 ? null : response.json();
}

/** POST of a change; an empty object where nothing is said. */
export const post = (path, body = {}, headers = {}) => ask(path, { body, headers });

/** The query string of the values that are set, with its question mark. */
export function query(values) {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return set.length ? `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}` : "";
}

/**
 * Send a file with its progress, which fetch cannot tell.
 * @param {string} path @param {Blob} file @param {string} type
 * @param {(share: number) => void} progress from 0 to 1
 */
export function upload(path, file, type, progress) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", path);
    sending.setRequestHeader("Authorization", `Bearer ${key()}`);
    sending.setRequestHeader("X-Dialer-Actor", "operator page");
    sending.setRequestHeader("Content-Type", type);
    sending.responseType = "json";
    sending.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    sending.onload = () => {
      const ok = sending.status >= 200 && sending.status < 300;
      ok ? resolve(sending.response) : reject(new Problem(sending.status, sending.response ?? {}));
    };
    sending.onerror = () => reject(new Problem(0, { detail: "The list did not get through. Send it again: nobody is added twice." }));
    sending.send(file);
  });
}
