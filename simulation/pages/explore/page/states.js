// Selection of the state shown. A combination that was not computed is replaced by the nearest computed state, and the page says so.
const home = content.states[content.baseline];
const computed = new Map(content.states.map((levels, at) => [levels.join(), at]));
// `state` is drawn and compared with `baseline`; `levels` are the slider positions, which differ from `state` during a request.
const view = { state: content.baseline, baseline: content.baseline, levels: [...home], day: dayCount - 1, recent: [] };
// Extension points for a page with a server: request a state that is not on the page, and react when a state is shown.
const hooks = { request: null, onShow: () => {} };

// The nearest computed state: keeps the slider moved last, then matches most sliders, then prefers recently moved ones.
function nearest(target, recent) {
  let best = content.baseline;
  let most = -1;
  content.states.forEach((levels, at) => {
    const same = levels.map((level, slider) => level === target[slider]);
    const kept = recent.reduce((sum, slider, rank) => sum + (same[slider] ? 2 ** -(rank + 1) : 0), 0);
    const score = (recent.length && same[recent[0]] ? 100 : 0) + same.filter(Boolean).length + kept;
    if (score > most) [best, most] = [at, score];
  });
  return best;
}

// Show the target state; returns the sliders that could not be set as requested.
function moveTo(target) {
  const exact = computed.get(target.join());
  if (exact === undefined && hooks.request) return hooks.request(target);
  return showState(exact === undefined ? nearest(target, view.recent) : exact, target);
}

function showState(state, target) {
  view.state = state;
  view.baseline = baselineOf(state);
  view.levels = [...content.states[state]];
  hooks.onShow(state);
  return target.map((level, slider) => (level === view.levels[slider] ? -1 : slider)).filter((slider) => slider >= 0);
}

// The baseline with the same number of runs as a state, under the same news.
function baselineOf(state) {
  return content.baselines?.get(runsOf(state)) ?? content.baseline;
}

function runsOf(state) {
  return content.counts?.get(state) ?? content.runs;
}

function moveSlider(slider, level) {
  view.recent = [slider, ...view.recent.filter((one) => one !== slider)];
  return moveTo(view.levels.map((old, at) => (at === slider ? level : old)));
}

function levelWords(slider, level) {
  return content.sliders[slider].levels[level].words;
}

// Message about sliders that could not be set and about unknown parts of the address.
function messageFor(left, unread) {
  return [unreadWords(unread), leftWords(left)].filter(Boolean).join(" ");
}

function unreadWords(unread) {
  if (!unread.length) return "";
  const texts = unread.map(({ words, slider, day }) => {
    if (day) return `${words} (no such day; the page shows ${dateWords(view.day)})`;
    if (slider < 0) return `${words} (no such slider)`;
    return `${words} (${content.sliders[slider].label} has no such position; the page shows: ${levelWords(slider, view.levels[slider])})`;
  });
  return `Not available on this page: ${texts.join("; ")}.`;
}

function leftWords(left) {
  if (!left.length) return "";
  const texts = left.map((slider) => `${content.sliders[slider].label}: ${levelWords(slider, view.levels[slider])}`);
  return `This combination was not computed. The page shows the nearest computed state, with ${texts.join("; ")}.`;
}

// Command that reproduces the numbers on screen, including those of the day.
function commandFor(state, day) {
  const settings = content.states[state].map((level, slider) => content.sliders[slider].levels[level].set).filter(Boolean);
  const end = content.command_end.replace(`--runs ${content.runs} `, `--runs ${runsOf(state)} `);
  return [content.command, ...settings, end, `--date ${content.dates[day]}`].join(" ");
}

// Address of the state: what differs from the baseline, and the day unless it is the last.
function hashOf() {
  const parts = view.levels
    .map((level, slider) => [slider, level])
    .filter(([slider, level]) => level !== home[slider])
    .map(([slider, level]) => `${encodeURIComponent(content.sliders[slider].key)}=${encodeURIComponent(content.sliders[slider].levels[level].name)}`);
  if (view.day < dayCount - 1) parts.push(`day=${content.dates[view.day]}`);
  return parts.join("&");
}

// Read a state from the address; returns the sliders that could not be set and the unknown parts, or null if the address
// does not describe a state.
function readHash() {
  const text = window.location.hash.slice(1);
  if (text && !text.includes("=")) return null;
  const target = [...home];
  view.day = dayCount - 1;
  view.recent = [];
  const unread = [];
  for (const part of text.split("&").filter(Boolean)) {
    const [key, name] = part.split("=").map(decoded);
    const slider = content.sliders.findIndex((one) => one.key === key);
    const level = slider < 0 ? -1 : content.sliders[slider].levels.findIndex((one) => one.name === name);
    if (key === "day" && content.dates.includes(name)) view.day = content.dates.indexOf(name);
    else if (level >= 0) target[slider] = level;
    else unread.push({ words: (decoded(part) || part).slice(0, 80), slider, day: key === "day" });
  }
  return { left: moveTo(target), unread };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
