// Rows that come and go without the others moving in the document, so that focus and selection stay.

import { spans } from "./sentences.js";

function cell(content) {
  const td = document.createElement("td");
  if (content.number) td.className = "number";
  if (content.isId) td.className = "id";
  return td;
}

// A sentence whose commands stand in backticks: they are set as code.
export function fillSentence(element, sentence) {
  if (element.dataset.sentence === sentence) return;
  element.dataset.sentence = sentence;
  element.replaceChildren(
    ...spans(sentence).map(({ text, isCode }) => (isCode ? Object.assign(document.createElement("code"), { textContent: text }) : text)),
  );
}

function fill(td, content) {
  if (content.sentence !== undefined) return fillSentence(td, content.sentence);
  if (content.badge) {
    if (content.title) td.title = content.title;
    return fillBadge(td, content);
  }
  if (content.isId) return fillId(td, content);
  if (td.textContent !== content.text) {
    td.textContent = content.text;
    td.title = content.title ?? content.text;
  }
}

function fillBadge(td, { badge, text }) {
  if (!td.firstChild) td.append(makeBadge());
  showBadge(td.firstChild, badge, text);
}

// Of an id its end is shown where all of it has no room: ids that follow one another begin alike.
function fillId(td, { href, text }) {
  if (!td.firstChild) td.append(document.createElement(href ? "a" : "bdi"));
  if (href) td.firstChild.href = href;
  td.firstChild.textContent = text;
  td.title = text;
}

export function makeBadge() {
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.innerHTML = '<span class="mark" aria-hidden="true"></span><span data-text></span>';
  return badge;
}

export function showBadge(badge, level, text) {
  const label = badge.querySelector("[data-text]");
  if (badge.dataset.level !== level) badge.dataset.level = level;
  if (label.textContent !== text) label.textContent = text;
}

// rows: [{ key, cells: [{ text, number?, badge?, isId?, href? }], span?, level? }]. Rows that were not there at the last showing flash once.
export function showRows(table, rows) {
  const body = table.tBodies[0];
  const present = new Map([...body.rows].map((tr) => [tr.dataset.key, tr]));
  const first = !table.dataset.filled;
  const keys = new Set(rows.map((row) => String(row.key)));
  for (const [key, tr] of present) if (!keys.has(key)) tr.remove();
  rows.forEach((row, index) => {
    let tr = present.get(String(row.key));
    if (!tr) {
      tr = document.createElement("tr");
      tr.dataset.key = row.key;
      tr.append(...row.cells.map(cell));
      if (row.level) tr.className = "why";
      else if (!first) tr.className = "new";
    }
    if (row.span) tr.cells[0].colSpan = row.span;
    if (row.level) tr.dataset.level = row.level;
    row.cells.forEach((content, number) => fill(tr.cells[number], content));
    if (body.rows[index] !== tr) body.insertBefore(tr, body.rows[index] ?? null);
  });
  table.dataset.filled = "yes";
}

export function showHead(table, titles) {
  const row = document.createElement("tr");
  row.append(
    ...titles.map((title, index) => {
      const th = document.createElement("th");
      th.scope = "col";
      th.textContent = title;
      if (index) th.className = "number";
      return th;
    }),
  );
  table.tHead.replaceChildren(row);
}
