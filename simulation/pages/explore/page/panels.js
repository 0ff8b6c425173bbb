// The four panels and the table: what each shows of the state and the day.
const COLOURS = { usdjpy: "#0072B2", levered: "#D55E00", us_equity: "#009E73", japan_equity: "#7A6A4F", bitcoin_usd: "#882255" };
const LEVERED = "levered_unwind_share_to_date";
const ALL = "unwound_share_to_date";
const ASSETS = [["us_equity", "US equity"], ["japan_equity", "Japan equity"], ["bitcoin_usd", "Bitcoin"]];
const ranges = {};

// Axes have room for states that come later, too.
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
    ghost: valuesOf(view.ghost, columns[1]),
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

// The charts that are there, by name: `fanChart` and `barChart` go on from them.
const there = {};

function fan(name, about) {
  there[name] = fanChart(about, there[name]);
  return there[name].node;
}

function bars(name, label) {
  const columns = columnsIn(name);
  there[name] = barChart({ width, range: axisOf(name, columns, (ends) => ends), rows: barRows(columns), label }, there[name]);
  return there[name].node;
}

function show({ article, finding, charts }, text, drawn) {
  changeText(finding, text);
  fill(charts, drawn);
  article.dataset.state = String(view.state);
  article.dataset.day = content.dates[view.day];
}

// Put nodes into a place unless they stand there already.
function fill(place, nodes) {
  const same = place.childNodes.length === nodes.length && nodes.every((node, at) => place.childNodes[at] === node);
  if (!same) place.replaceChildren(...nodes);
}

// Measured once and when the window changes: to ask while drawing would lay the page out again for each panel.
let width = 560;

function measure() {
  width = Math.max(280, panel("usdjpy").charts.clientWidth);
}

function drawUsdjpy() {
  const place = panel("usdjpy");
  const about = fanOf("usdjpy");
  const [low, middle, high] = about.band.map((values) => shown(values[view.day], about.decimals));
  const text = `${dateWords(view.day)}: median ${middle}, middle 80 % of runs ${low} to ${high}; baseline ${shown(about.ghost[view.day], about.decimals)}.`;
  const looks = { width, height: 250, colour: COLOURS.usdjpy, marks: storyOf(view.state), labels: true };
  show(place, text, [fan("usdjpy", { ...about, ...looks, label: `USDJPY over time. ${text}` })]);
}

// The two numbers that a narrow screen keeps in view beside the sliders.
function drawNow() {
  const usdjpy = columnOf("usdjpy", "p50");
  const levered = columnOf(LEVERED, "p50");
  const said = (column) => [view.state, view.ghost].map((state) => shown(valueOn(view.day, state, column), 2));
  const [price, before] = said(usdjpy);
  const [share, shareBefore] = said(levered);
  changeText(byId("now"), `USDJPY ${price} (baseline ${before}); levered unwound ${share} % (baseline ${shareBefore} %)`);
}

function barRows(columns) {
  return columns.map((column) => ({
    words: content.columns[column].words,
    colour: content.columns[column].colour,
    decimals: content.columns[column].decimals,
    value: valueOn(view.day, view.state, column),
    ghost: valueOn(view.day, view.ghost, column),
  }));
}

function drawYen() {
  const place = panel("yen");
  const rows = barRows(columnsIn("yen"));
  const most = rows.reduce((best, one) => (one.value > best.value ? one : best));
  const least = rows.reduce((best, one) => (one.value < best.value ? one : best));
  const said = (one) => `${one.words} (${shown(one.value, one.decimals, true)}, baseline ${shown(one.ghost, one.decimals, true)})`;
  const text = `Up to ${dateWords(view.day)}, $ bn at the median: most yen bought by ${said(most)}, most sold by ${said(least)}.`;
  show(place, text, [bars("yen", `Yen bought by population. ${text}`)]);
}

function drawUnwound() {
  const place = panel("unwound");
  const about = fanOf(LEVERED);
  const all = valuesOf(view.state, columnOf(ALL, "p50"));
  const [low, middle, high] = about.band.map((values) => shown(values[view.day], about.decimals));
  const text = `Up to ${dateWords(view.day)}: levered holders ${middle} % at the median (${low} to ${high}; baseline ${shown(about.ghost[view.day], about.decimals)}); all holders, brown dashes, ${shown(all[view.day], 2)} %.`;
  const looks = { width, height: 170, colour: COLOURS.levered, marks: storyOf(view.state), labels: false, second: all };
  const causes = bars("cause", `Unwound by cause: ${barRows(columnsIn("cause")).map((one) => `${one.words} ${shown(one.value, 1, true)}`).join(", ")} $ bn.`);
  show(place, text, [fan(LEVERED, { ...about, ...looks, label: `Share unwound over time. ${text}` }), causes]);
}

function drawRisk() {
  const place = panel("risk");
  const assets = ASSETS.filter(([series]) => columnOf(series, "p50") >= 0);
  const narrow = width < 420;
  const each = narrow ? width : Math.floor(width / assets.length) - 6;
  const said = [];
  const drawn = assets.map(([series, words]) => {
    const about = fanOf(series);
    const text = `${words} ${shown(about.band[1][view.day], about.decimals)} (baseline ${shown(about.ghost[view.day], about.decimals)})`;
    said.push(text);
    const looks = { width: each, height: narrow ? 150 : 235, title: words, colour: COLOURS[series], marks: storyOf(view.state), labels: false };
    return fan(series, { ...about, ...looks, label: `${words} over time. ${text}` });
  });
  const box = place.charts.querySelector(".small") ?? element("div", "", { class: "small" });
  fill(box, drawn);
  show(place, `${dateWords(view.day)}, medians: ${said.join(", ") || "the scenario has no such asset"}.`, [box]);
}

// The table is built once; a move of a slider changes the cells that differ.
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
    const texts = [...content.numbers[view.state][at], content.numbers[view.ghost][at][1]].map(printed);
    const was = row[1].text !== row[3].text;
    row.forEach((one, column) => {
      if (one.text === texts[column]) return;
      one.text = texts[column];
      one.cell.textContent = texts[column];
    });
    const differs = texts[1] !== texts[3];
    if (differs !== was) row[1].cell.classList.toggle("differs", differs);
  });
  const failed = content.failed[view.state];
  changeText(byId("failed"), failed ? `${failed} of ${runsOf(view.state)} runs stopped early and are left out.` : "");
}
