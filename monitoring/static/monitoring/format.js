// Figures and moments as people read them. All times are UTC, as the hours of the totals are.

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
// Of the shop's currency, as the state tells it; a finer amount, which others may have sent, is shown with its parts.
let money = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
let code = "";
const billions = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });
const dayOnly = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

export const count = (number) => whole.format(number);
// What needs too much room is given in billions; the exact amount stands in the title.
export const amount = (number) => (Math.abs(number) < 1e9 ? money.format(number) : `${billions.format(number / 1e9)} bn`);
export const exactly = (number) => `${money.format(number)} ${code}`.trim();
export const withCurrency = (number) => `${amount(number)} ${code}`.trim();
export function setCurrency(currency) {
  if (currency.code === code) return;
  code = currency.code;
  const most = Math.max(2, currency.digits);
  money = new Intl.NumberFormat("en-GB", { minimumFractionDigits: currency.digits, maximumFractionDigits: most });
}
export const compact = (number) => short.format(number);
export const brief = (number) => (number < 1e6 ? count : compact)(number);
export const perSecond = (number) => (number >= 100 ? whole : tenths).format(number);
export const time = (moment) => clock.format(new Date(moment));
export const hourAndMinute = (moment) => minute.format(new Date(moment));
export const date = (moment) => day.format(new Date(moment));

const sameDay = (a, b) => new Date(a).toISOString().slice(0, 10) === new Date(b).toISOString().slice(0, 10);

// The time of today, and the day of what is older: history often knows no more than the day.
export const when = (moment, now) => (sameDay(moment, now) ? clock : shortDay).format(new Date(moment));
export const whenBriefly = (moment, now) => (sameDay(moment, now) ? minute : shortDay).format(new Date(moment));
export const inFull = (moment) => `${full.format(new Date(moment))} UTC`;

export function duration(seconds) {
  if (seconds < 10) return `${tenths.format(seconds)} s`;
  if (seconds < 120) return `${whole.format(seconds)} s`;
  if (seconds < 7200) return `${whole.format(seconds / 60)} min`;
  if (seconds < 172800) return `${whole.format(seconds / 3600)} h`;
  return `${whole.format(seconds / 86400)} days`;
}

// By how much something grows each second, with its sign; a true minus is as wide as the plus.
export function growth(number) {
  if (number === 0) return "0/s";
  const size = Math.abs(number);
  return `${number > 0 ? "+" : "\u2212"}${size >= 10_000 ? short.format(size) : perSecond(size)}/s`;
}

export const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;

const isMidnight = (hour) => new Date(hour).getUTCHours() === 0;
export const knowsDaysOnly = (hours) => hours.every(isMidnight);

// One label a bar: days where the data knows days only, otherwise hours, and the day where it changes.
export function hourLabels(hours) {
  const byDay = knowsDaysOnly(hours);
  return hours.map((hour, index) => {
    const newDay = index === 0 || dayOnly.format(new Date(hour)) !== dayOnly.format(new Date(hours[index - 1]));
    return byDay || newDay ? dayOnly.format(new Date(hour)) : minute.format(new Date(hour));
  });
}

export const hourTitle = (hour, byDay) => (byDay ? date(hour) : `${date(hour)}, ${minute.format(new Date(hour))}`);
// The days of a chart, with the year.
export const days = (first, last) => day.formatRange(new Date(first), new Date(last));
// The hour alone if it is of today.
export const hourName = (hour, now, byDay) => (sameDay(hour, now) ? `${minute.format(new Date(hour))} UTC` : hourTitle(hour, byDay));
