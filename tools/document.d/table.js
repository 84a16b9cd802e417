// Sorts and filters the table of the page. Columns of few different values get a list to choose from.
"use strict";
const table = document.getElementById("table");
const form = document.getElementById("filters");
const search = document.getElementById("search");
const words = document.getElementById("words");
const body = table.tBodies[0];
const rows = [...body.rows];
const heads = [...table.tHead.rows[0].cells];
const text = (row, column) => row.cells[column].textContent;

// "1,234", "1.7e7", "12.5 %", "∞" and "-" as numbers; NaN for words.
function number(value) {
  if (value === "∞" || value === "inf") return Infinity;
  const match = /^[-+−]?[\d,.]+(e[-+]?\d+)?(?=$|[ %:])/i.exec(value);
  return match ? Number(match[0].replaceAll(",", "").replace("−", "-")) : NaN;
}

function compare(a, b) {
  const [x, y] = [number(a), number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x === y ? 0 : x < y ? -1 : 1;
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return a.localeCompare(b);
}

function sort(column) {
  const descending = heads[column].getAttribute("aria-sort") === "ascending";
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  const sign = descending ? -1 : 1;
  rows.sort((a, b) => {
    const [x, y] = [text(a, column), text(b, column)];
    // Empty cells stay last in both directions.
    if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
    return sign * compare(x, y);
  });
  body.append(...rows);
}

const lists = [];
function filter() {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const whole = row.textContent.toLowerCase();
    const fits = wanted.every((word) => whole.includes(word))
      && lists.every(({ column, list }) => !list.value || text(row, column) === list.value);
    row.hidden = !fits;
    if (fits) shown += 1;
  }
  words.firstChild.textContent =
    `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows. `;
}

heads.forEach((head, column) => {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  button.title = "sort";
  button.addEventListener("click", () => sort(column));
  head.replaceChildren(button);
  const filled = rows.map((row) => text(row, column)).filter(Boolean);
  const longest = Math.max(0, ...filled.map((value) => value.length));
  if (longest > 40) rows.forEach((row) => row.cells[column].classList.add("long"));
  if (filled.length && filled.every((value) => !Number.isNaN(number(value)))) {
    rows.forEach((row) => row.cells[column].classList.add("number"));
    return;
  }
  const values = [...new Set(filled)];
  if (longest > 40 || values.length < 2 || values.length > 40 || values.length * 2 > rows.length) return;
  const list = document.createElement("select");
  list.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
  list.addEventListener("change", filter);
  const label = document.createElement("label");
  label.append(button.textContent, list);
  form.insertBefore(label, form.lastElementChild);
  lists.push({ column, list });
});
search.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
