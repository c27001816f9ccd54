// Asks the server every second and a half what there is, and shows it.

import * as format from "./format.js";
import * as panels from "./panels.js";
import { merge } from "./series.js";
import { startThemeToggle } from "./theme-toggle.js";

const EVERY_MS = 1500;
const AFTER_FAILURE_MS = 3000;
const PATIENCE_MS = 10_000;
const NEWS_EVERY_MS = 20_000;

const main = document.querySelector("#main");
const connection = document.querySelector("#connection");
const news = document.querySelector("#news");

let state = null;
let points = [];
let announced = { overall: "", alerts: new Set(), at: 0 };

async function ask() {
  const since = points.at(-1)?.at ?? 0;
  const answer = await fetch(`${main.dataset.state}?since=${since}`, {
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.status === 401 || answer.status === 403) throw new Error("logged out");
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

function show() {
  if (!state) return;
  format.setCurrency(state.currency);
  const overall = panels.showOverall(state);
  panels.showClock(state.at);
  panels.showTiles(state, points);
  panels.showThroughput(points, state.at, state);
  panels.showGroups(state);
  panels.showTransactions(state);
  panels.showAlerts(state);
  panels.showHours(state);
  panels.showParts(state);
  announce(overall);
}

// For those who hear the page: only what changes the picture, and not too often.
function announce(overall) {
  const alerts = new Set((state.panels.alerts.rows ?? []).map((row) => row.order_id));
  const fresh = [...alerts].filter((id) => !announced.alerts.has(id)).length;
  const sentences = [
    overall === announced.overall ? "" : `${overall}.`,
    announced.at && fresh ? `${format.plural(fresh, "new fraud alert", "new fraud alerts")}.` : "",
  ].filter(Boolean);
  if (sentences.length === 0 || Date.now() - announced.at < NEWS_EVERY_MS) return;
  news.textContent = sentences.join(" ");
  announced = { overall, alerts, at: Date.now() };
}

function connected() {
  if (connection.hidden) return;
  connection.hidden = true;
  document.body.classList.remove("stale");
}

function disconnected(reason) {
  const since = state ? ` Showing data from ${format.time(state.at)}.` : "";
  document.body.classList.add("stale");
  panels.showNoConnection();
  connection.hidden = false;
  if (reason === "logged out") {
    const link = Object.assign(document.createElement("a"), { href: main.dataset.login, textContent: "Log in again" });
    connection.replaceChildren(`You are logged out.${since} `, link, ".");
  } else {
    // Said once, not at every attempt.
    const text = `Connection lost.${since} Trying again …`;
    if (connection.textContent !== text) connection.textContent = text;
  }
}

async function tick() {
  let pause = EVERY_MS;
  try {
    state = await ask();
    points = merge(points, state.rates, Date.parse(state.at));
    connected();
    show();
  } catch (error) {
    // A broken page must be noticed: only failures to reach the server are shown as such.
    if (state && !(error instanceof TypeError || error instanceof DOMException) && !/logged out|the server/.test(error.message)) throw error;
    disconnected(error.message);
    pause = AFTER_FAILURE_MS;
  } finally {
    setTimeout(tick, document.hidden ? EVERY_MS * 4 : pause);
  }
}

startThemeToggle(document.querySelector("#theme"), panels.recolour);
panels.startTableButtons(show);
document.addEventListener("visibilitychange", () => document.hidden || show());
tick();
