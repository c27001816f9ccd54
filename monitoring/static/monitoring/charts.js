// Lines and bars by uPlot, in the colours of the theme.
/* global uPlot */

import { MINUTES, calmTop, isSpread, linearUpTo, powers } from "./series.js";
import { compact, hourAndMinute } from "./format.js";

const DASHES = [[], [8, 3], [3, 3], [12, 3, 3, 3]];

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const font = () => `${Math.round(rem() * 0.8)}px system-ui, sans-serif`;

export const colour = (index) => css(`--series-${(index % 6) + 1}`);

function axis(extra) {
  return {
    stroke: css("--muted"),
    font: font(),
    grid: { stroke: css("--grid"), width: 1 },
    ticks: { show: false },
    gap: rem() * 0.3,
    ...extra,
  };
}

// Keeps a chart as large as its frame, and draws it anew when its theme or its series change.
class Chart {
  constructor(frame) {
    this.frame = frame;
    this.plot = null;
    new ResizeObserver(() => this.resize()).observe(frame);
  }

  size() {
    return { width: this.frame.clientWidth, height: this.frame.clientHeight };
  }

  resize() {
    const { width, height } = this.size();
    if (this.plot && width && (this.plot.width !== width || this.plot.height !== height)) this.redraw();
  }

  make(options, data) {
    this.plot?.destroy();
    this.plot = new uPlot({ ...this.size(), legend: { show: false }, cursor: { show: false }, ...options }, data, this.frame);
  }
}

export class Lines extends Chart {
  // While little is known, a minute fills the chart; it widens as more comes.
  start() {
    const now = this.now / 1000;
    return Math.max(now - MINUTES * 60, Math.min(this.data[0][0] ?? now, now - 60));
  }

  draw(names, data, now) {
    const changed = String(names) !== String(this.names);
    Object.assign(this, { names, data, now });
    this.top = calmTop(Math.max(0, ...data.slice(1).flat()), this.top);
    if (changed || !this.plot) this.redraw();
    else this.plot.setData(data);
  }

  redraw() {
    if (!this.names || !this.frame.clientWidth) return;
    const size = rem();
    this.make(
      {
        padding: [size * 0.6, size * 1.3, 0, 0],
        scales: {
          x: { time: true, range: () => [this.start(), this.now / 1000] },
          y: { range: () => [0, this.top] },
        },
        axes: [
          axis({ size: size * 1.5, space: size * 5, values: (_, at) => at.map((s) => hourAndMinute(s * 1000)), incrs: [60] }),
          axis({ size: size * 2.8, space: size * 2.2, values: (_, values) => values.map(compact) }),
        ],
        series: [
          {},
          ...this.names.map((label, index) => ({
            label,
            stroke: colour(index),
            width: Math.max(1.5, size / 9),
            dash: DASHES[index % DASHES.length],
            points: { show: false },
          })),
        ],
      },
      this.data,
    );
  }
}

export class Bars extends Chart {
  // onPoint is given the index of the bar that the pointer is over, or null.
  constructor(frame, onPoint) {
    super(frame);
    this.onPoint = onPoint;
    this.isLogarithmic = false;
  }

  draw(labels, values) {
    if (this.plot && String(labels) === String(this.labels) && String(values) === String(this.values)) return;
    const isLogarithmic = isSpread(values);
    const changed = isLogarithmic || isLogarithmic !== this.isLogarithmic || String(labels) !== String(this.labels);
    Object.assign(this, { labels, values, isLogarithmic });
    if (changed || !this.plot) this.redraw();
    else this.plot.setData([labels.map((_, index) => index), values]);
  }

  scale() {
    if (!this.isLogarithmic) return { range: (_, low, high) => [Math.min(0, low ?? 0) * 1.05, Math.max(1, high ?? 1) * 1.05] };
    const [low, high] = [Math.min(0, ...this.values) * 1.5, Math.max(0, ...this.values) * 1.5];
    return { distr: 4, asinh: linearUpTo(this.values), range: () => [low, high] };
  }

  splits() {
    if (!this.isLogarithmic) return {};
    const most = this.frame.clientHeight / (rem() * 2);
    return { splits: (_, __, low, high) => powers(low, high, linearUpTo(this.values), most), filter: (_, splits) => splits };
  }

  redraw() {
    if (!this.labels || !this.frame.clientWidth) return;
    const size = rem();
    const every = Math.max(1, Math.ceil(this.labels.length / (this.frame.clientWidth / (size * 4.2))));
    this.make(
      {
        padding: [size * 0.6, size * 1.3, 0, 0],
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        hooks: { setCursor: [(plot) => this.onPoint(plot.cursor.idx ?? null)] },
        scales: {
          x: { time: false, range: () => [-0.6, this.labels.length - 0.4] },
          y: this.scale(),
        },
        axes: [
          axis({
            size: size * 1.7,
            gap: size * 0.5,
            grid: { show: false },
            splits: () => this.labels.map((_, index) => index).filter((index) => index % every === 0),
            values: (_, splits) => splits.map((index) => this.labels[index] ?? ""),
          }),
          axis({ size: size * 3.2, space: size * 2.2, values: (_, values) => values.map(compact), ...this.splits() }),
        ],
        series: [
          {},
          { fill: css("--bar"), stroke: css("--bar"), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.72, 48] }) },
        ],
      },
      [this.labels.map((_, index) => index), this.values],
    );
  }
}
