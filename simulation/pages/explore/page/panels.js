// The four panels and the table for the selected state and day.
const COLOURS = { usdjpy: "#0072B2", levered: "#D55E00", us_equity: "#009E73", japan_equity: "#7A6A4F", bitcoin_usd: "#882255" };
const LEVERED = "levered_unwind_share_to_date";
const ALL = "unwound_share_to_date";
const ASSETS = [["us_equity", "US equity"], ["japan_equity", "Japan equity"], ["bitcoin_usd", "Bitcoin"]];
const ranges = {};

// Extend the axes for a state that the server has computed.
function widenRanges(values) {
  for (const one of Object.values(ranges)) {
    const [low, high] = one.pad(rangeOf(one.columns, [values]));
    one.ends = [Math.min(one.ends[0], low), Math.max(one.ends[1], high)];
  }
}

function axisOf(name, columns, pad) {
  ranges[name] ??= { columns, pad, ends: pad(rangeOf(columns)) };
  return ranges[name].ends;
}

function padded([low, high]) {
  const room = (high - low || 1) * 0.04;
  return [low - room, high + room];
}

function fanOf(series) {
  const columns = ["p10", "p50", "p90"].map((quantile) => columnOf(series, quantile));
  return {
    range: axisOf(series, columns, padded),
    band: columns.map((column) => valuesOf(view.state, column)),
    baseline: valuesOf(view.baseline, columns[1]),
    decimals: content.columns[columns[1]].decimals,
  };
}

function storyOf(state) {
  return content.stories[content.story[state]];
}

function panel(id) {
  const article = byId(`panel-${id}`);
  return { article, finding: article.querySelector(".finding"), charts: article.querySelector(".charts") };
}

// Existing charts by name, updated in place by `fanChart` and `barChart`.
const drawnCharts = {};

function fan(name, about) {
  drawnCharts[name] = fanChart(about, drawnCharts[name]);
  return drawnCharts[name].node;
}

function bars(name, label) {
  const columns = columnsIn(name);
  drawnCharts[name] = barChart({ width, range: axisOf(name, columns, (ends) => ends), rows: barRows(columns), label }, drawnCharts[name]);
  return drawnCharts[name].node;
}

function show({ article, finding, charts }, text, drawn) {
  changeText(finding, text);
  fill(charts, drawn);
  article.dataset.state = String(view.state);
  article.dataset.day = content.dates[view.day];
}

// Replace the children of a node if they differ.
function fill(place, nodes) {
  const same = place.childNodes.length === nodes.length && nodes.every((node, at) => place.childNodes[at] === node);
  if (!same) place.replaceChildren(...nodes);
}

// Measured once and on resize, because measuring while drawing forces a new layout for each panel.
let width = 560;

function measure() {
  width = Math.max(280, panel("usdjpy").charts.clientWidth);
}

function drawUsdjpy() {
  const place = panel("usdjpy");
  const about = fanOf("usdjpy");
  const [low, middle, high] = about.band.map((values) => shown(values[view.day], about.decimals));
  const text = `${dateWords(view.day)}: median ${middle}, middle 80 % of runs ${low} to ${high}; baseline ${shown(about.baseline[view.day], about.decimals)}.`;
  const looks = { width, height: 250, colour: COLOURS.usdjpy, marks: storyOf(view.state), labels: true };
  show(place, text, [fan("usdjpy", { ...about, ...looks, label: `USDJPY over time. ${text}` })]);
}

// The two numbers that stay in view on a narrow screen.
function drawNow() {
  const usdjpy = columnOf("usdjpy", "p50");
  const levered = columnOf(LEVERED, "p50");
  const pair = (column) => [view.state, view.baseline].map((state) => shown(valueOn(view.day, state, column), 2));
  const [price, basePrice] = pair(usdjpy);
  const [share, baseShare] = pair(levered);
  changeText(byId("now"), `USDJPY ${price} (baseline ${basePrice}); levered unwind ${share} % (baseline ${baseShare} %)`);
}

function barRows(columns) {
  return columns.map((column) => ({
    words: content.columns[column].words,
    colour: content.columns[column].colour,
    decimals: content.columns[column].decimals,
    value: valueOn(view.day, view.state, column),
    baseline: valueOn(view.day, view.baseline, column),
  }));
}

function drawYen() {
  const place = panel("yen");
  const rows = barRows(columnsIn("yen"));
  const most = rows.reduce((best, one) => (one.value > best.value ? one : best));
  const least = rows.reduce((best, one) => (one.value < best.value ? one : best));
  const describe = (one) => `${one.words} (${shown(one.value, one.decimals, true)}, baseline ${shown(one.baseline, one.decimals, true)})`;
  const text = `To ${dateWords(view.day)}, median, $ bn: largest yen purchases by ${describe(most)}, largest sales by ${describe(least)}.`;
  show(place, text, [bars("yen", `Yen bought by population. ${text}`)]);
}

function drawUnwound() {
  const place = panel("unwound");
  const about = fanOf(LEVERED);
  const all = valuesOf(view.state, columnOf(ALL, "p50"));
  const [low, middle, high] = about.band.map((values) => shown(values[view.day], about.decimals));
  const text = `To ${dateWords(view.day)}: levered holders, median ${middle} % (middle 80 % of runs ${low} to ${high}; baseline ${shown(about.baseline[view.day], about.decimals)}); all holders (brown, dashed) ${shown(all[view.day], 2)} %.`;
  const looks = { width, height: 170, colour: COLOURS.levered, marks: storyOf(view.state), labels: false, second: all };
  const causes = bars("cause", `Unwound by cause: ${barRows(columnsIn("cause")).map((one) => `${one.words} ${shown(one.value, 1, true)}`).join(", ")} $ bn.`);
  show(place, text, [fan(LEVERED, { ...about, ...looks, label: `Share unwound over time. ${text}` }), causes]);
}

function drawRisk() {
  const place = panel("risk");
  const assets = ASSETS.filter(([series]) => columnOf(series, "p50") >= 0);
  const narrow = width < 420;
  const each = narrow ? width : Math.floor(width / assets.length) - 6;
  const texts = [];
  const drawn = assets.map(([series, words]) => {
    const about = fanOf(series);
    const text = `${words} ${shown(about.band[1][view.day], about.decimals)} (baseline ${shown(about.baseline[view.day], about.decimals)})`;
    texts.push(text);
    const looks = { width: each, height: narrow ? 150 : 235, title: words, colour: COLOURS[series], marks: storyOf(view.state), labels: false };
    return fan(series, { ...about, ...looks, label: `${words} over time. ${text}` });
  });
  const box = place.charts.querySelector(".small") ?? element("div", "", { class: "small" });
  fill(box, drawn);
  show(place, `${dateWords(view.day)}, medians: ${texts.join(", ") || "the scenario has none of these assets"}.`, [box]);
}

// The table is built once; afterwards only cells that differ are updated.
const cells = [];

function buildTable() {
  let group = "";
  for (const metric of content.metrics) {
    if (metric.group !== group) byId("rows").append(groupRow(metric.group));
    group = metric.group;
    byId("rows").append(metricRow(metric));
  }
}

function groupRow(words) {
  const row = element("tr", "", { class: "group" });
  row.append(element("th", words, { scope: "colgroup", colspan: "5" }));
  return row;
}

function metricRow(metric) {
  const row = element("tr", "", { "data-metric": metric.name });
  const own = [0, 1, 2, 3].map(() => element("td"));
  cells.push(own.map((cell) => ({ cell, text: "" })));
  row.append(element("th", metric.label, { scope: "row" }), ...own);
  return row;
}

function printed(cell) {
  return cell.replace("-", "\u2212");
}

function drawTable() {
  cells.forEach((row, at) => {
    const texts = [...content.numbers[view.state][at], content.numbers[view.baseline][at][1]].map(printed);
    const differed = row[1].text !== row[3].text;
    row.forEach((one, column) => {
      if (one.text === texts[column]) return;
      one.text = texts[column];
      one.cell.textContent = texts[column];
    });
    const differs = texts[1] !== texts[3];
    if (differs !== differed) row[1].cell.classList.toggle("differs", differs);
  });
  const failed = content.failed[view.state];
  changeText(byId("failed"), failed ? `${failed} of ${runsOf(view.state)} runs stopped early and are excluded.` : "");
}
