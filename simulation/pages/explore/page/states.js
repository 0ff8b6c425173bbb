// Which state is shown. Only computed states are: a wish that was not computed leads to the nearest one, and the page says so.
const home = content.states[content.baseline];
const computed = new Map(content.states.map((levels, at) => [levels.join(), at]));
// `state` is drawn and held against `ghost`; `levels` is where the sliders stand, which differs while a server computes.
const view = { state: content.baseline, ghost: content.baseline, levels: [...home], day: dayCount - 1, recent: [] };
// What a page with a server does about a state that is not here, and when one that is here is shown; alone it does nothing.
const elsewhere = { ask: null, shows: () => {} };

// The computed state that keeps what was touched last, then has most of the wish, then what was touched before.
function nearest(wish, recent) {
  let best = content.baseline;
  let most = -1;
  content.states.forEach((levels, at) => {
    const same = levels.map((level, slider) => level === wish[slider]);
    const kept = recent.reduce((sum, slider, rank) => sum + (same[slider] ? 2 ** -(rank + 1) : 0), 0);
    const score = (recent.length && same[recent[0]] ? 100 : 0) + same.filter(Boolean).length + kept;
    if (score > most) [best, most] = [at, score];
  });
  return best;
}

// Move to a wish; returns the sliders that could not follow.
function wishFor(wish) {
  const exact = computed.get(wish.join());
  if (exact === undefined && elsewhere.ask) return elsewhere.ask(wish);
  return showState(exact === undefined ? nearest(wish, view.recent) : exact, wish);
}

function showState(state, wish) {
  view.state = state;
  view.ghost = ghostOf(state);
  view.levels = [...content.states[state]];
  elsewhere.shows(state);
  return wish.map((level, slider) => (level === view.levels[slider] ? -1 : slider)).filter((slider) => slider >= 0);
}

// The baseline with as many runs as a state, which met the same news.
function ghostOf(state) {
  return content.ghosts?.get(runsOf(state)) ?? content.baseline;
}

function runsOf(state) {
  return content.counts?.get(state) ?? content.runs;
}

function moveSlider(slider, level) {
  view.recent = [slider, ...view.recent.filter((one) => one !== slider)];
  return wishFor(view.levels.map((old, at) => (at === slider ? level : old)));
}

function levelWords(slider, level) {
  return content.sliders[slider].levels[level].words;
}

// What to say of sliders that could not follow, and of parts of the address that the page does not have.
function messageFor(left, unread) {
  return [unreadWords(unread), leftWords(left)].filter(Boolean).join(" ");
}

function unreadWords(unread) {
  if (!unread.length) return "";
  const told = unread.map(({ words, slider, day }) => {
    if (day) return `${words} (no such day; shown is ${dateWords(view.day)})`;
    if (slider < 0) return `${words} (no such slider)`;
    return `${words} (${content.sliders[slider].label} has no such position; shown is: ${levelWords(slider, view.levels[slider])})`;
  });
  return `The address asks for what this page does not have: ${told.join("; ")}.`;
}

function leftWords(left) {
  if (!left.length) return "";
  const told = left.map((slider) => `${content.sliders[slider].label}: ${levelWords(slider, view.levels[slider])}`);
  return `This combination was not computed, and nothing is interpolated. Shown is the nearest state that was, with ${told.join("; ")}.`;
}

// The command whose numbers are those on screen, those of the day included.
function commandFor(state, day) {
  const settings = content.states[state].map((level, slider) => content.sliders[slider].levels[level].set).filter(Boolean);
  const end = content.command_end.replace(`--runs ${content.runs} `, `--runs ${runsOf(state)} `);
  return [content.command, ...settings, end, `--date ${content.dates[day]}`].join(" ");
}

// The address: what differs from the baseline, and the day unless it is the last.
function hashOf() {
  const parts = view.levels
    .map((level, slider) => [slider, level])
    .filter(([slider, level]) => level !== home[slider])
    .map(([slider, level]) => `${encodeURIComponent(content.sliders[slider].key)}=${encodeURIComponent(content.sliders[slider].levels[level].name)}`);
  if (view.day < dayCount - 1) parts.push(`day=${content.dates[view.day]}`);
  return parts.join("&");
}

// Take a state from the address; returns the sliders that could not follow and the parts that the page does not have,
// nothing where the address speaks of something else.
function readHash() {
  const text = window.location.hash.slice(1);
  if (text && !text.includes("=")) return null;
  const wish = [...home];
  view.day = dayCount - 1;
  view.recent = [];
  const unread = [];
  for (const part of text.split("&").filter(Boolean)) {
    const [key, name] = part.split("=").map(decoded);
    const slider = content.sliders.findIndex((one) => one.key === key);
    const level = slider < 0 ? -1 : content.sliders[slider].levels.findIndex((one) => one.name === name);
    if (key === "day" && content.dates.includes(name)) view.day = content.dates.indexOf(name);
    else if (level >= 0) wish[slider] = level;
    else unread.push({ words: (decoded(part) || part).slice(0, 80), slider, day: key === "day" });
  }
  return { left: wishFor(wish), unread };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
