// With a server: a state that is not on the page is asked for, from few runs at first and then from more; the page says which.
const PAUSE_MS = 120;
const me = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
// The baseline by number of runs, and the number of runs of each state that was not shipped.
content.ghosts = new Map([[content.runs, content.baseline]]);
content.counts = new Map();
const shippedStates = parts.length;
let asking = null;

class Refusal extends Error {}

elsewhere.ask = (wish) => {
  view.levels = [...wish];
  say(waitingWords(), true);
  follow(wish, 0);
  return [];
};

elsewhere.shows = (state) => {
  stopAsking();
  say(originOf(state), false);
  if (state >= shippedStates && runsOf(state) < content.live.runs) follow(content.states[state], runsOf(state));
};

function stopAsking() {
  if (asking) asking.abort();
  asking = null;
}

// Ask until the state has all its runs, or the sliders move on.
async function follow(wish, before) {
  stopAsking();
  const own = new AbortController();
  asking = own;
  let runs = before;
  try {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    while (!own.signal.aborted && runs < content.live.runs) {
      const answer = await question(wish, runs, own.signal);
      if (own.signal.aborted || answer.superseded) return;
      if (!answer.state.data) throw new Refusal(`No run of this state reached its last day: ${answer.state.reason}`);
      if (answer.state.runs <= runs) return;
      runs = answer.state.runs;
      arrived(wish, answer);
    }
  } catch (error) {
    if (!own.signal.aborted) withoutServer(wish, before, error);
  }
}

async function question(wish, beyond, signal) {
  const state = {};
  wish.forEach((level, at) => {
    const { value } = content.sliders[at].levels[level];
    if (value !== null) state[content.sliders[at].key] = value;
  });
  const body = JSON.stringify({ client: me, state, beyond });
  const reply = await fetch("/state", { method: "POST", headers: { "content-type": "application/json" }, body, signal });
  const answer = await reply.json();
  if (!reply.ok) throw new Refusal(`The server says: ${answer.error}.`);
  return answer;
}

// Put an answer among the states and draw it.
function arrived(wish, { state, baseline }) {
  const at = computed.get(wish.join()) ?? parts.length;
  keep(at, wish, state);
  content.counts.set(at, state.runs);
  computed.set(wish.join(), at);
  if (!content.ghosts.has(state.runs)) {
    const ghost = parts.length;
    keep(ghost, home, baseline);
    content.counts.set(ghost, state.runs);
    content.ghosts.set(state.runs, ghost);
  }
  view.state = at;
  view.ghost = ghostOf(at);
  view.levels = [...wish];
  say(originOf(at), false);
  drawAll();
  drawTable();
}

function keep(at, levels, { data, numbers, failed, story }) {
  parts[at] = unpacked(data);
  content.states[at] = [...levels];
  content.numbers[at] = numbers;
  content.failed[at] = failed;
  content.story[at] = content.stories.push(story) - 1;
  widenRanges(parts[at]);
}

// Without an answer the page shows what it has.
function withoutServer(wish, runs, error) {
  const gone = !(error instanceof Refusal);
  const why = gone ? "The server does not answer." : error.message;
  if (runs > 0) {
    say(`${originOf(view.state)} ${why}`, false);
    return;
  }
  told(showState(nearest(wish, view.recent), wish));
  byId("message").textContent = `${why} ${byId("message").textContent}`;
}

function say(words, waits) {
  changeText(byId("origin"), words);
  byId("origin").classList.toggle("waits", waits);
}

function waitingWords() {
  return "The server computes this state. Drawn is still the one before.";
}

function originOf(state) {
  const runs = runsOf(state);
  const seed = `seed ${content.live.seed}`;
  if (state < shippedStates) return `Shipped numbers: ${runs} runs, ${seed}.`;
  if (runs >= content.live.runs) return `Computed by the server: ${runs} runs, ${seed}.`;
  return `Computed by the server: ${runs} of ${content.live.runs} runs so far, ${seed}. Few runs: medians and bands are rough; the baseline has as few.`;
}
