/** The frame of the page: login, navigation, the view that the address names (`#/campaigns/ID`), the dialog. */
import { ask, key, logOut, whenLoggedOut } from "./api.js";
import { CallView } from "./call.js";
import { CampaignView } from "./campaign.js";
import { CampaignsView } from "./campaigns.js";
import { ConferenceView, ConferencesView } from "./conferences.js";
import { Dialog } from "./confirm.js";
import { FindView } from "./find.js";
import { HealthView } from "./health.js";
import { LaunchView } from "./launch.js";
import { changed, follow, live, repeat, useLive } from "./live.js";
import { Login } from "./login.js";
import { Notice, Title } from "./parts.js";
import { html, render, useEffect, useState } from "./preact.js";
import { RecordingsView } from "./recordings.js";
import { SuppressionView } from "./suppression.js";

/** Path, view, the entry of the navigation that it belongs to. */
const VIEWS = [
  [/^\/?$/, CampaignsView, "#/"],
  [/^\/campaigns\/([^/]+)$/, CampaignView, "#/"],
  [/^\/calls\/([^/]+)$/, CallView, "#/"],
  [/^\/new$/, LaunchView, "#/"],
  [/^\/find$/, FindView, "#/find"],
  [/^\/conferences$/, ConferencesView, "#/conferences"],
  [/^\/conferences\/([^/]+)$/, ConferenceView, "#/conferences"],
  [/^\/recordings$/, RecordingsView, "#/recordings"],
  [/^\/suppression$/, SuppressionView, "#/suppression"],
  [/^\/health$/, HealthView, "#/health"],
];
const NAVIGATION = [
  ["#/", "Campaigns"],
  ["#/find", "Find a number"],
  ["#/conferences", "Conferences"],
  ["#/recordings", "Recordings"],
  ["#/suppression", "Suppression"],
  ["#/health", "Health"],
];
const THEMES = { "": "Colours: as the system", light: "Colours: light", dark: "Colours: dark" };

function useAddress() {
  const [address, setAddress] = useState(location.hash);
  useEffect(() => {
    const listener = () => {
      setAddress(location.hash);
      scrollTo(0, 0);
    };
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  return address;
}

function App() {
  const [open, setOpen] = useState(Boolean(key()));
  useEffect(() => whenLoggedOut(() => setOpen(false)), []);
  return open ? html`<${Frame} />` : html`<${Login} then=${() => setOpen(true)} />`;
}

function Frame() {
  const address = useAddress();
  useEffect(follow, []);
  useEffect(() => repeat(60_000, readRights), []);
  const path = address.replace(/^#/, "").split("?")[0];
  const found = VIEWS.map(([pattern, View, entry]) => [path.match(pattern), View, entry]).find(([match]) => match);
  const [match, View, entry] = found ?? [[], Nowhere, ""];
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to content</a>
    <header class="top"><a class="brand" href="#/" aria-label="dialer, all campaigns"><img src="/page/icon.svg" alt="" width="24" height="24" />dialer</a>
      <nav aria-label="Main">${NAVIGATION.map(([href, name]) => html`<a key=${href} href=${href} aria-current=${href === entry ? "page" : undefined}>${name}</a>`)}</nav>
      <${Heard} /><${Theme} /><button type="button" class="plain" onClick=${logOut}>Log out</button>
    </header>
    <main id="main" tabindex="-1"><${Lost} /><${Rights} /><${View} key=${path} id=${match[1] && decodeURIComponent(match[1])} /></main>
    <${Dialog} />`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

async function readRights() {
  live.me = await ask("/v1/me").catch(() => null);
  changed();
}

const HEARD = { live: "Live", polling: "Asked every 2 s", lost: "No connection", connecting: "Connecting …" };

function Heard() {
  const { connection } = useLive();
  return html`<span class=${`heard ${connection}`} role="status"><i aria-hidden="true" />${HEARD[connection]}</span>`;
}

function Lost() {
  const { connection, trouble } = useLive();
  if (connection !== "lost") return null;
  return html`<${Notice} kind="bad" role="alert"><b>What you see may be old.</b> ${trouble} Trying again by itself.<//>`;
}

/** Whoever may not do everything is told so once, not only by buttons that are off. */
function Rights() {
  const { me } = useLive();
  const lacks = me ? [["operate", "steering"], ["launch", "launching"]].filter(([role]) => !me.may.includes(role)) : [];
  if (!lacks.length) return null;
  return html`<p class="rights">Your key “${me.name}” has not every right: ${lacks.map(([role, what]) => `${what} needs the role “${role}”`).join(", ")}.</p>`;
}

function Theme() {
  const [theme, setTheme] = useState(localStorage.getItem("dialer.theme") ?? "");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("dialer.theme", theme);
  }, [theme]);
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(theme) + 1) % names.length];
  return html`<button type="button" class="plain theme" aria-label=${`${THEMES[theme]}; change`} title=${THEMES[theme]} onClick=${() => setTheme(next)}>
    ${theme === "dark" ? "☾" : theme === "light" ? "☀" : "◐"}
  </button>`;
}

const Nowhere = () => html`<${Title} text="Nothing here" /><p>This address names no view. <a href="#/">All campaigns</a></p>`;

render(html`<${App} />`, document.getElementById("app"));
