// What the page says of the whole, and of what is not known. Pure.

import { count, plural } from "./format.js";

const OF_GROUPS = { OPEN_TRANSACTION: "Behind an open transaction", FALLING_BEHIND: "Too slow" };
const IN_A_BADGE = 2;
const GRAVITY = ["none", "ok", "warn", "err"];

const worse = (a, b) => (GRAVITY.indexOf(a) >= GRAVITY.indexOf(b) ? a : b);
const word = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const listed = (label, names) => (names.length ? [`${label}: ${names.join(", ")}`] : []);
const named = (things, isMeant) => things.filter(isMeant).map((thing) => thing.name);

// Everything that is not well, the worst first: [{ level, text }].
export function troubles({ health, kafka }) {
  const groups = kafka.groups ?? [];
  const parts = (status, needed) => named(health.parts, (part) => part.status === status && part.needed === needed);
  const of = (level, texts) => texts.map((text) => ({ level, text }));
  const isKafkaTold = health.parts.some((part) => part.name === "kafka" && part.status !== "up");
  return [
    ...of("err", listed("Down", parts("down", true))),
    ...of("err", listed("Unknown", parts("unknown", true))),
    ...of("err", listed("Not reading", named(groups, (group) => group.verdict === "ERR"))),
    ...of("err", kafka.offline ? [plural(kafka.offline, "partition offline", "partitions offline")] : []),
    ...of("warn", parts("down", false).includes("reconciliation") ? ["Stages contradict each other"] : []),
    ...of("warn", listed("Down", parts("down", false).filter((name) => name !== "reconciliation"))),
    ...of("warn", kafka.why && !isKafkaTold ? ["Unknown: kafka"] : []),
    ...of("warn", listed("Unknown", [...parts("unknown", false), ...named(groups, (group) => group.verdict === "UNKNOWN")])),
    ...Object.entries(OF_GROUPS).flatMap(([reason, label]) =>
      of("warn", listed(label, named(groups, (group) => group.verdict === "WARN" && group.reason === reason))),
    ),
    ...of("warn", kafka.under_replicated ? [plural(kafka.under_replicated, "partition under-replicated", "partitions under-replicated")] : []),
    ...of("warn", buried(kafka.dead_letters ?? {}).text),
  ];
}

export function overall(state) {
  const found = troubles(state);
  const texts = found.map((each) => each.text);
  const more = texts.length - IN_A_BADGE;
  return {
    level: found.map((each) => each.level).reduce(worse, "ok"),
    text: texts.join(" · ") || "All is well",
    brief: [...texts.slice(0, IN_A_BADGE), ...(more > 0 ? [`${more} more`] : [])].join(" · ") || "All is well",
  };
}

// Of dead letters, which are counted as messages: each is buried by every group that cannot take it.
export function buried(topics) {
  const all = Object.values(topics);
  const letters = all.reduce((sum, each) => sum + each.waiting, 0);
  const isCounted = all.every((each) => each.messages !== null && each.messages !== undefined);
  const messages = isCounted ? all.reduce((sum, each) => sum + each.messages, 0) : null;
  const where = Object.keys(topics).filter((topic) => topics[topic].waiting !== 0).map((topic) => topic.replace(".dead-letters", ""));
  if (!all.length) return { value: "–", note: "unknown: there is no topic for them", level: "none", text: [] };
  if (messages === null) return { value: `\u2264\u2009${count(letters)}`, note: `of ${where.join(", ")}; being counted`, level: "warn", text: ["Dead letters: being counted"] };
  if (!messages) return { value: "0", note: "none waits", level: "ok", text: [] };
  return { value: count(messages), note: `of ${where.join(", ")}`, level: "warn", text: [plural(messages, "dead letter", "dead letters")] };
}

// What waits to be read: of all groups, as far as it is known.
export function lagOf(groups, duration, brief) {
  const known = groups.filter((group) => group.verdict !== "UNKNOWN");
  const unknown = named(groups, (group) => group.verdict === "UNKNOWN");
  const lag = known.reduce((sum, group) => sum + group.lag, 0);
  const level = ["ERR", "WARN", "UNKNOWN"].find((verdict) => groups.some((group) => group.verdict === verdict));
  if (!known.length) return { value: "–", note: groups.length ? "unknown: see the workers below" : "nobody reads yet", level: groups.length ? "warn" : "none" };
  return { value: brief(lag), note: unknown.length ? `unknown of ${unknown.join(", ")}` : lagNote(known, lag, duration), level: { ERR: "err", WARN: "warn", UNKNOWN: "warn" }[level] ?? "ok" };
}

function lagNote(groups, lag, duration) {
  if (!lag) return "all workers are up to date";
  const ages = groups.filter((group) => group.lag).map((group) => group.lag_seconds);
  const known = ages.filter((age) => age !== null);
  if (!known.length) return "nobody knows since when";
  return `oldest for ${duration(Math.max(...known))}${known.length < ages.length ? " or longer" : ""}`;
}

// A sentence in which commands stand in backticks, as [{ text, isCode }].
export const spans = (sentence) => sentence.split("`").map((text, index) => ({ text, isCode: index % 2 === 1 })).filter(({ text }) => text);
export const plain = (sentence) => sentence.replaceAll("`", "");
export const partWord = (name) => word(name);
