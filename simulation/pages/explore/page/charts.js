// SVG charts without a library: vector output for print and text for screen readers.
// The frame of a chart (axes, labels, policy dates) is drawn once; slider moves update only lines and bars.
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

function canvas(width, height) {
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
}

// Round tick values in a range, about `count` of them, with as many decimals as their step needs.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const size = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * size >= rough);
  const step = factor * size;
  const decimals = Math.max(0, (factor === 2.5 ? 1 : factor === 10 ? -1 : 0) - Math.floor(Math.log10(rough)));
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at += 1) found.push({ value: at * step, words: shown(at * step, decimals) });
  return found;
}

function path(values, x, y, to) {
  return values.slice(0, to + 1).map((value, day) => `${day ? "L" : "M"}${x(day).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}

function bandPath(low, high, x, y, to) {
  const back = low.slice(0, to + 1).map((value, day) => `L${x(day).toFixed(1)} ${y(value).toFixed(1)}`).reverse();
  return `${path(high, x, y, to)}${back.join("")}Z`;
}

// Days labelled on the axis: the start and middle of each month, or only the start on a narrow chart.
function labelledDays(width) {
  const chosen = [];
  const seen = new Set();
  content.dates.forEach((date, day) => {
    const half = `${date.slice(0, 7)}${width > 300 && Number(date.slice(8)) >= 15 ? "b" : "a"}`;
    if (!seen.has(half)) chosen.push(day);
    seen.add(half);
  });
  return chosen.slice(1);
}

// Fan chart to the selected day: band, median, the baseline's median (dotted) and past policy dates.
// `fan`: {width, height, title, range, band: [low, middle, high], baseline, second, colour, marks, label}; `old`: existing chart.
function fanChart(fan, old) {
  const dated = fan.marks.filter((one) => one.mark).map(({ day, mark }) => [day, mark]);
  const frame = JSON.stringify([fan.width, fan.height, fan.range, dated]);
  const chart = old?.frame === frame ? old : { frame, ...fanFrame(fan) };
  const { x, y, lines } = chart;
  change(chart.node, { "aria-label": fan.label });
  change(lines.band, { d: bandPath(fan.band[0], fan.band[2], x, y, view.day) });
  change(lines.baseline, { d: path(fan.baseline, x, y, view.day) });
  if (fan.second) change(lines.second, { d: path(fan.second, x, y, view.day) });
  change(lines.middle, { d: path(fan.band[1], x, y, view.day) });
  for (const { day, node } of chart.marks) change(node, { visibility: day > view.day ? "hidden" : "visible" });
  const last = view.day === dayCount - 1;
  change(lines.now, { x1: x(view.day), x2: x(view.day), visibility: last ? "hidden" : "visible" });
  return chart;
}

function fanFrame(fan) {
  const top = fan.marks.some((one) => one.mark) && fan.labels ? 40 : 20;
  const box = { left: 2, right: fan.width - 42, top, bottom: fan.height - 20 };
  const [low, high] = fan.range;
  const x = (day) => box.left + (day / (dayCount - 1)) * (box.right - box.left);
  const y = (value) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
  const node = canvas(fan.width, fan.height);
  drawFrame(node, fan, box, { x, y });
  const marks = drawMarks(node, fan, box, x);
  const lines = {
    band: svg("path", { class: "band", fill: fan.colour }),
    baseline: svg("path", { class: "baseline" }),
    second: svg("path", { class: "second" }),
    middle: svg("path", { class: "middle", stroke: fan.colour }),
    now: svg("line", { class: "now", y1: box.top, y2: box.bottom }),
  };
  node.append(...Object.values(lines));
  return { node, x, y, lines, marks };
}

function drawFrame(chart, fan, box, { x, y }) {
  if (fan.title) chart.append(svg("text", { class: "title", x: box.left, y: 12 }, fan.title));
  for (const { value, words } of ticks(...fan.range, Math.ceil((box.bottom - box.top) / 26))) {
    chart.append(svg("line", { class: value === 0 ? "zero" : "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
    chart.append(svg("text", { x: box.right + 4, y: y(value) + 4 }, words));
  }
  let free = 0;
  for (const day of labelledDays(fan.width)) {
    const left = Math.max(x(day) - 18, 0);
    if (left < free || left + 36 > box.right) continue;
    free = left + 42;
    chart.append(svg("text", { x: left + 18, y: box.bottom + 15, "text-anchor": "middle" }, dateWords(day, false)));
  }
}

// Policy dates as dashed lines; labels that would overlap use two levels. Returns the nodes by day.
function drawMarks(chart, fan, box, x) {
  const free = [-Infinity, -Infinity];
  const drawn = [];
  const add = (day, node) => {
    chart.append(node);
    drawn.push({ day, node });
  };
  for (const { day, mark } of fan.marks.filter((one) => one.mark)) {
    add(day, svg("line", { class: "policy", x1: x(day), x2: x(day), y1: box.top, y2: box.bottom }));
    if (!fan.labels) continue;
    const half = mark.length * 3.4;
    const at = Math.min(Math.max(x(day), half), fan.width - half);
    const level = at - half >= free[0] ? 0 : 1;
    free[level] = at + half + 4;
    add(day, svg("text", { x: at, y: box.top - 5 - 13 * level, "text-anchor": "middle" }, mark));
  }
  return drawn;
}

// Bars on both sides of zero with label and value; a diamond marks the baseline.
// `bars`: {width, range, rows: [{words, colour, value, baseline, decimals}], label}; `old`: existing chart.
function barChart(bars, old) {
  const frame = JSON.stringify([bars.width, bars.range]);
  const chart = old?.frame === frame ? old : { frame, ...barFrame(bars) };
  change(chart.node, { "aria-label": bars.label });
  bars.rows.forEach((one, at) => changeBar(chart.rows[at], one, chart.x));
  return chart;
}

function barFrame(bars) {
  const row = 23;
  const height = bars.rows.length * row + 20;
  const box = { left: bars.width < 420 ? 122 : 150, right: bars.width - 54 };
  const low = Math.min(0, bars.range[0]);
  const high = Math.max(0, bars.range[1]);
  const x = (value) => box.left + ((value - low) / (high - low)) * (box.right - box.left);
  const node = canvas(bars.width, height);
  for (const { value, words } of ticks(low, high, bars.width < 420 ? 4 : 6)) {
    node.append(svg("line", { class: value === 0 ? "zero" : "grid", x1: x(value), x2: x(value), y1: 0, y2: height - 18 }));
    node.append(svg("text", { x: x(value), y: height - 5, "text-anchor": "middle" }, words));
  }
  const rows = bars.rows.map((one, at) => addBar(node, one, { middle: at * row + row / 2, box, width: bars.width }));
  return { node, x, rows };
}

function addBar(node, one, { middle, box, width }) {
  const bar = svg("rect", { class: "bar", fill: one.colour, y: middle - 7, height: 14 });
  const baseline = svg("path", { class: "baseline-mark" });
  const value = svg("text", { class: "ink", x: width - 2, y: middle + 4, "text-anchor": "end" });
  node.append(svg("text", { class: "ink", x: box.left - 8, y: middle + 4, "text-anchor": "end" }, one.words), bar, baseline, value);
  return { bar, baseline, value, middle };
}

function changeBar({ bar, baseline, value, middle }, one, x) {
  change(bar, { x: Math.min(x(0), x(one.value)), width: Math.max(0.5, Math.abs(x(one.value) - x(0))) });
  const at = x(one.baseline);
  change(baseline, { d: `M${at} ${middle - 5}L${at + 4} ${middle}L${at} ${middle + 5}L${at - 4} ${middle}Z` });
  changeText(value, shown(one.value, one.decimals, true));
}
