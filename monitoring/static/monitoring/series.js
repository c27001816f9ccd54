// What the charts draw, from the rates that the server sends.

export const MINUTES = 5;
const GAP_MS = 15_000;

// The points of the last minutes, each once, oldest first.
export function merge(points, more, now) {
  const byTime = new Map([...points, ...more].map((point) => [point.at, point]));
  return [...byTime.values()].filter((point) => point.at > now - MINUTES * 60_000).sort((a, b) => a.at - b.at);
}

// uPlot's columns: seconds, then one list of values a name. A line breaks where nobody was watching.
export function columns(points, kind, names) {
  const rows = points.flatMap((point, index) =>
    index > 0 && point.at - points[index - 1].at > GAP_MS ? [{ at: point.at - 1 }, point] : [point],
  );
  return [rows.map((row) => row.at / 1000), ...names.map((name) => rows.map((row) => row[kind]?.[name] ?? null))];
}

export const namesOf = (points, kind) => [...new Set(points.flatMap((point) => Object.keys(point[kind])))].sort();

// The averages of each half minute, newest first, for those who read rather than look.
export function halfMinutes(points, kind, names) {
  const groups = new Map();
  for (const point of points) {
    const start = Math.floor(point.at / 30_000) * 30_000;
    groups.set(start, [...(groups.get(start) ?? []), point]);
  }
  return [...groups].reverse().map(([start, some]) => ({
    start,
    values: names.map((name) => some.reduce((sum, point) => sum + (point[kind][name] ?? 0), 0) / some.length),
  }));
}

// A round number at or above the highest value. It sinks only when half of it would do, so that the scale stays calm.
export function calmTop(highest, present) {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 1)));
  const round = [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((top) => top >= highest) ?? 10;
  return present && highest <= present && round > present / 2.5 ? present : Math.max(round, 5);
}
