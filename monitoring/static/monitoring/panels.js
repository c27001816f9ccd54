// Each part of the page, from what the server says.

import { Bars, Lines } from "./charts.js";
import * as format from "./format.js";
import * as sentences from "./sentences.js";
import { columns, halfMinutes, namesOf } from "./series.js";
import { fillSentence, makeBadge, showBadge, showHead, showRows } from "./tables.js";

const MEASURED_MS = 20_000;
const $ = (selector) => document.querySelector(selector);
const LEVELS = { OK: "ok", WARN: "warn", ERR: "err", UNKNOWN: "warn" };
const REASONS = {
  CAUGHT_UP: "Up to date", MOVING: "Reading", WATCHING: "Watching", WAITING: "Waiting", FALLING_BEHIND: "Too slow",
  STALLED: "Stalled", STOPPED: "Stopped", REWOUND: "Went back", OPEN_TRANSACTION: "Waiting behind an open transaction",
  UNKNOWN: "Nobody knows",
};
const TRANSACTION_LEVELS = { SUCCESS: "ok", PENDING: "none", FAILED: "err", REFUNDED: "warn" };
const ALERT_LEVELS = { OPEN: "err", INVESTIGATING: "warn", CONFIRMED: "none", DISMISSED: "none" };

const word = (status) => status.charAt(0).toUpperCase() + status.slice(1).toLowerCase();
const knowsDaysOnly = (rows) => format.knowsDaysOnly(rows.map((row) => row.hour));
const transactions = (hour) => format.plural(hour.transaction_count, "transaction", "transactions");
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

function empty(container, isEmpty, sentence) {
  const note = container.querySelector("[data-empty]");
  note.hidden = !isEmpty;
  if (sentence) fillSentence(note, sentence);
}

function tile(name, value, note, level = "none") {
  const element = $(`#tile-${name}`);
  const figure = element.querySelector("[data-value]");
  setText(figure, value);
  figure.style.setProperty("--characters", value.length);
  setText(element.querySelector("[data-note]"), note || "\u00a0");
  element.dataset.level = level;
}

// --- the bar -----------------------------------------------------------------------------------------------------------

export function showOverall(state) {
  const { level, text, brief } = sentences.overall(state);
  showBadge($("#overall"), level, brief);
  $("#overall").title = text;
  return text;
}

export const showNoConnection = () => showBadge($("#overall"), "none", "No connection");

export const showClock = (at) => setText($("#as-of time"), format.time(at));

// --- the tiles ---------------------------------------------------------------------------------------------------------

export function showTiles({ kafka, panels, at }, points) {
  const hour = panels.hours.rows?.at(-1);
  if (hour) tile("hour", format.amount(hour.total_amount), `${format.hourName(hour.hour, at, knowsDaysOnly(panels.hours.rows))} · ${transactions(hour)}`);
  else tile("hour", "–", "no total yet");
  if (kafka.why) {
    for (const name of ["throughput", "lag", "dead"]) tile(name, "–", `unknown: ${whyNothing(kafka)}`);
    if (kafka.is_known) tile("kafka", "Down", "see the parts below", "err");
    else tile("kafka", "Unknown", "nobody looks at it", "warn");
    return;
  }
  showThroughputTile(points, at);
  const lag = sentences.lagOf(kafka.groups, format.duration, format.brief);
  tile("lag", lag.value, lag.note, lag.level);
  const dead = sentences.buried(kafka.dead_letters);
  tile("dead", dead.value, dead.note, dead.level);
  showKafkaTile(kafka);
}

function showThroughputTile(points, at) {
  const last = points.at(-1);
  const rate = last && Date.parse(at) - last.at < MEASURED_MS ? last.topics.transactions : undefined;
  tile("throughput", rate === undefined ? "–" : format.perSecond(rate), rate === undefined ? "measuring" : "average of ten seconds");
}

function showKafkaTile(kafka) {
  const ill = kafka.under_replicated + kafka.offline;
  const partitions = ill ? `${kafka.under_replicated} under-replicated, ${kafka.offline} offline` : "all partitions in sync";
  const note = kafka.silent ? `${format.count(kafka.silent)} of them silent; ${partitions}` : partitions;
  tile("kafka", format.plural(kafka.brokers, "broker", "brokers"), note, kafka.offline || kafka.silent ? "err" : ill ? "warn" : "ok");
}

const whyNothing = ({ is_known: isKnown }) => (isKnown ? "Kafka is down" : "nobody looks at Kafka");

// --- throughput --------------------------------------------------------------------------------------------------------

const KINDS = { topics: "topics", readers: "groups" };
const lines = Object.fromEntries(Object.keys(KINDS).map((id) => [id, new Lines($(`#${id} .frame`))]));

export function showThroughput(points, now, { kafka }) {
  for (const [id, kind] of Object.entries(KINDS)) {
    const names = namesOf(points, kind);
    lines[id].draw(names, columns(points, kind, names), Date.parse(now));
    empty($(`#${id}`), points.length < 2 || !names.length, kafka.why && !points.length ? `Nothing to show: ${whyNothing(kafka)}.` : points.length < 2 ? "Measuring …" : "Nobody reads yet.");
    showLegend($(`#${id} .legend`), names, points.at(-1)?.[kind] ?? {});
  }
  if (!$("#throughput-table").hidden) showThroughputTable(points);
}

function showLegend(list, names, values) {
  if (list.dataset.names !== String(names)) {
    list.dataset.names = String(names);
    list.replaceChildren(...names.map(legendEntry));
  }
  names.forEach((name, index) => setText(list.children[index].querySelector("b"), values[name] === undefined ? "–" : format.perSecond(values[name])));
}

function legendEntry(name, index) {
  const entry = document.createElement("li");
  entry.innerHTML =
    '<svg viewBox="0 0 24 8" aria-hidden="true"><line x1="0" y1="4" x2="24" y2="4" stroke-width="3"/></svg><span></span><b></b><span class="unseen">per second</span>';
  const line = entry.querySelector("line");
  line.setAttribute("stroke", `var(--series-${(index % 6) + 1})`);
  line.setAttribute("stroke-dasharray", ["none", "7 3", "2 3", "10 3 2 3"][index % 4]);
  entry.querySelector("span").textContent = name;
  return entry;
}

function showThroughputTable(points) {
  const table = $("#throughput-table table");
  const [topics, groups] = [namesOf(points, "topics"), namesOf(points, "groups")];
  showHead(table, ["From (UTC)", ...topics.map((name) => `${name} written`), ...groups.map((name) => `${name} read`)]);
  const read = new Map(halfMinutes(points, "groups", groups).map((row) => [row.start, row.values]));
  showRows(
    table,
    halfMinutes(points, "topics", topics).map(({ start, values }) => ({
      key: start,
      cells: [{ text: format.time(start) }, ...[...values, ...read.get(start)].map((value) => ({ text: format.perSecond(value), number: true }))],
    })),
  );
}

// --- workers -----------------------------------------------------------------------------------------------------------

const SEVERITY = ["ERR", "UNKNOWN", "WARN", "OK"];

export function showGroups({ kafka }) {
  const groups = [...(kafka.groups ?? [])].sort(
    (a, b) => SEVERITY.indexOf(a.verdict) - SEVERITY.indexOf(b.verdict) || a.name.localeCompare(b.name),
  );
  setText($("#groups-seen"), kafka.why ? "" : `seen ${format.duration(kafka.age_seconds)} ago`);
  $("#groups").hidden = !groups.length;
  empty($(".groups"), !groups.length, kafka.why ?? "No worker has read anything yet.");
  showRows($("#groups"), groups.flatMap(groupRows));
}

// Narrow screens leave some out.
const columnsInView = (table) => [...$(table).tHead.rows[0].cells].filter((th) => getComputedStyle(th).display !== "none").length;

function trend(group) {
  if (group.trend === null) return "not watched long enough to say how its lag moves";
  return group.trend > 0 ? "its lag grows by so many records each second" : group.trend ? "its lag shrinks by so many records each second" : "its lag stays as it is";
}

function clearing(group) {
  if (group.verdict === "UNKNOWN") return "nobody knows where it stands";
  if (!group.lag) return "it has read everything";
  return group.time_to_clear_seconds === null ? "its lag does not shrink" : "until it has read everything, if it goes on so";
}

function groupRows(group) {
  const level = LEVELS[group.verdict];
  const isKnown = group.verdict !== "UNKNOWN";
  const row = {
    key: group.name,
    cells: [
      { text: group.name },
      { text: group.verdict, badge: level, title: `${REASONS[group.reason] ?? group.reason}. ${sentences.plain(group.detail)}` },
      { text: format.count(group.members), number: true },
      { text: isKnown ? format.brief(group.lag) : "?", title: isKnown ? format.count(group.lag) : clearing(group), number: true },
      { text: group.lag_seconds === null || !isKnown ? "?" : group.lag ? format.duration(group.lag_seconds) : "–", number: true },
      { text: group.trend === null || !isKnown ? "–" : format.growth(group.trend), title: trend(group), number: true },
      { text: isKnown && group.lag && group.time_to_clear_seconds !== null ? format.duration(group.time_to_clear_seconds) : "–", title: clearing(group), number: true },
    ],
  };
  return level === "ok" ? [row] : [row, { key: `${group.name}: why`, cells: [{ sentence: group.detail }], span: columnsInView("#groups"), level }];
}

// --- transactions and alerts -------------------------------------------------------------------------------------------

export function showTransactions({ panels, at }) {
  showPanel("transactions", panels.transactions, "Transactions are", "No transaction yet. Each appears here as it is recorded.", (row) => [
    { text: format.when(row.timestamp, at), title: format.inFull(row.timestamp) },
    { text: row.order_id, isId: true },
    { text: String(row.user_id), number: true },
    { text: format.amount(row.amount), title: format.exactly(row.amount), number: true },
    { text: word(row.status), badge: TRANSACTION_LEVELS[row.status] },
  ]);
}

export function showAlerts({ panels, at }) {
  const admin = $("#main").dataset.alerts;
  showPanel("alerts", panels.alerts, "Fraud alerts are", "No alert yet.", (row) => [
    { text: format.whenBriefly(row.raised_at, at), title: format.inFull(row.raised_at) },
    { text: row.order_id, isId: true, ...(admin ? { href: `${admin}${row.id}/change/` } : {}) },
    { text: format.amount(row.amount), title: format.exactly(row.amount), number: true },
    { text: word(row.status), badge: ALERT_LEVELS[row.status] },
  ]);
}

function showPanel(name, panel, subject, sentence, cells) {
  const table = $(`#${name}`);
  const rows = panel.rows ?? [];
  table.hidden = !rows.length;
  empty($(`.${name}`), !rows.length, panel.hidden_for ? `${subject} shown to accounts with the role ${panel.hidden_for.join(" or ")}.` : sentence);
  showRows(table, rows.map((row) => ({ key: row.order_id, cells: cells(row) })));
}

// --- hours -------------------------------------------------------------------------------------------------------------

let hours = [];
const bars = new Bars($("#hours-chart .frame"), (index) => {
  const hour = hours[index];
  const text = hour ? `${format.hourTitle(hour.hour, knowsDaysOnly(hours))}: ${format.withCurrency(hour.total_amount)} · ${transactions(hour)}` : "";
  setText($("#hour-pointed"), text);
});

export function showHours({ panels }) {
  hours = panels.hours.rows ?? [];
  empty($("#hours-chart"), !hours.length, panels.hours.hidden_for ? "Your role does not see totals." : "No hour has a total yet.");
  if (hours.length) bars.draw(format.hourLabels(hours.map((row) => row.hour)), hours.map((row) => Number(row.total_amount)));
  setText($("#hours-span"), hours.length ? `${format.days(hours[0].hour, hours.at(-1).hour)}${bars.isLogarithmic ? " · log scale" : ""}` : "");
  showRows(
    $("#hours-table table"),
    [...hours].reverse().map((row) => ({
      key: row.hour,
      cells: [{ text: format.hourTitle(row.hour, knowsDaysOnly(hours)) }, { text: format.count(row.transaction_count), number: true }, { text: format.amount(row.total_amount), number: true }],
    })),
  );
}

// --- parts -------------------------------------------------------------------------------------------------------------

export function showParts({ health }) {
  const list = $("#parts");
  list.querySelector(".loading")?.remove();
  while (list.children.length < health.parts.length) list.append(partEntry());
  while (list.children.length > health.parts.length) list.lastChild.remove();
  health.parts.forEach((part, index) => {
    const entry = list.children[index];
    const isUp = part.status === "up";
    entry.classList.toggle("down", Boolean(part.why));
    entry.dataset.level = isUp ? "ok" : part.status === "pending" ? "none" : part.needed ? "err" : "warn";
    showBadge(entry.querySelector(".badge"), entry.dataset.level, sentences.partWord(part.name));
    setText(entry.querySelector(".latency"), isUp ? `${format.count(Math.max(1, part.latency_ms))} ms` : part.status);
    fillSentence(entry.querySelector(".reason"), part.why);
  });
}

function partEntry() {
  const entry = document.createElement("li");
  const [latency, reason] = ["latency", "reason"].map((name) => Object.assign(document.createElement("span"), { className: name }));
  entry.append(makeBadge(), latency, reason);
  return entry;
}

// --- as a table, and colours -------------------------------------------------------------------------------------------

export function startTableButtons(refresh) {
  for (const [button, chart, table] of [
    ["#throughput-as-table", "#throughput-charts", "#throughput-table"],
    ["#hours-as-table", "#hours-chart", "#hours-table"],
  ]) {
    $(button).addEventListener("click", () => {
      const asTable = $(table).hidden;
      $(table).hidden = !asTable;
      $(chart).hidden = asTable;
      $(button).setAttribute("aria-pressed", String(asTable));
      refresh();
    });
  }
}

export function recolour() {
  for (const chart of [...Object.values(lines), bars]) chart.redraw();
}
