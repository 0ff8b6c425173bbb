// Data embedded in the page.
const content = JSON.parse(document.getElementById("content").textContent);
const dayCount = content.dates.length;
const size = content.columns.length * dayCount;
// Integers of each state, ordered by column and day; a page with a server adds states.
const parts = partsOf(unpacked(content.data));

function partsOf(whole) {
  return Array.from({ length: whole.length / size }, (_, state) => whole.subarray(state * size, (state + 1) * size));
}

// Integers ordered by state, column and day.
function unpacked({ bits, base64 }) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bits === 16 ? new Int16Array(bytes.buffer) : new Int32Array(bytes.buffer);
}

// Daily values of a column in a state, in the displayed unit.
function valuesOf(state, column) {
  const scale = 10 ** content.columns[column].decimals;
  return Array.from(parts[state].subarray(column * dayCount, (column + 1) * dayCount), (value) => value / scale);
}

function valueOn(day, state, column) {
  return parts[state][column * dayCount + day] / 10 ** content.columns[column].decimals;
}

function columnOf(series, quantile) {
  return content.columns.findIndex((one) => one.series === series && one.quantile === quantile);
}

function columnsIn(panel) {
  return content.columns.map((one, at) => at).filter((at) => content.columns[at].panel === panel);
}

// Range of some columns over all states and days, so that axes stay fixed when a slider moves.
function rangeOf(columns, states = parts) {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    const scale = 10 ** content.columns[column].decimals;
    for (const values of states) {
      for (let at = column * dayCount; at < (column + 1) * dayCount; at += 1) {
        if (values[at] / scale < low) low = values[at] / scale;
        if (values[at] / scale > high) high = values[at] / scale;
      }
    }
  }
  return [low, high];
}

// Format a number with a fixed number of decimals and a typographic minus; a value that rounds to zero has no sign.
function shown(value, decimals, signed = false) {
  const text = Math.abs(value).toFixed(decimals).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  if (!/[1-9]/.test(text)) return text;
  return (value < 0 ? "\u2212" : signed ? "+" : "") + text;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dateWords(day, year = true) {
  const [y, m, d] = content.dates[day].split("-").map(Number);
  return `${d} ${MONTHS[m - 1]}${year ? ` ${y}` : ""}`;
}

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const byId = (id) => document.getElementById(id);

// Set only attributes that differ, to avoid a new layout.
function change(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    const text = String(value);
    if (node.getAttribute(key) !== text) node.setAttribute(key, text);
  }
}

function changeText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
