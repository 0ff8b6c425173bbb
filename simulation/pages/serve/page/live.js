// Client of the server: requests states that are not on the page, first with few runs and then with more.
const PAUSE_MS = 120;
const clientId = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
// Baseline by number of runs, and number of runs of each state from the server.
content.baselines = new Map([[content.runs, content.baseline]]);
content.counts = new Map();
const shippedStates = parts.length;
let pending = null;

class ServerError extends Error {}

hooks.request = (target) => {
  view.levels = [...target];
  showOrigin(waitingWords(), true);
  follow(target, 0);
  return [];
};

hooks.onShow = (state) => {
  stopRequest();
  showOrigin(originOf(state), false);
  if (state >= shippedStates && runsOf(state) < content.live.runs) follow(content.states[state], runsOf(state));
};

function stopRequest() {
  if (pending) pending.abort();
  pending = null;
}

// Request the state until it has all its runs or a slider moves.
async function follow(target, before) {
  stopRequest();
  const own = new AbortController();
  pending = own;
  let runs = before;
  try {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    while (!own.signal.aborted && runs < content.live.runs) {
      const response = await fetchState(target, runs, own.signal);
      if (own.signal.aborted || response.superseded) return;
      if (!response.state.data) throw new ServerError(`No run of this state reached the last day: ${response.state.reason}`);
      if (response.state.runs <= runs) return;
      runs = response.state.runs;
      addResponse(target, response);
    }
  } catch (error) {
    if (!own.signal.aborted) showFallback(target, before, error);
  }
}

async function fetchState(target, beyond, signal) {
  const state = {};
  target.forEach((level, at) => {
    const { value } = content.sliders[at].levels[level];
    if (value !== null) state[content.sliders[at].key] = value;
  });
  const body = JSON.stringify({ client: clientId, state, beyond });
  const response = await fetch("/state", { method: "POST", headers: { "content-type": "application/json" }, body, signal });
  const answer = await response.json();
  if (!response.ok) throw new ServerError(`Server error: ${answer.error}.`);
  return answer;
}

// Add a response to the states and draw it.
function addResponse(target, { state, baseline }) {
  const at = computed.get(target.join()) ?? parts.length;
  storeState(at, target, state);
  content.counts.set(at, state.runs);
  computed.set(target.join(), at);
  if (!content.baselines.has(state.runs)) {
    const index = parts.length;
    storeState(index, home, baseline);
    content.counts.set(index, state.runs);
    content.baselines.set(state.runs, index);
  }
  view.state = at;
  view.baseline = baselineOf(at);
  view.levels = [...target];
  showOrigin(originOf(at), false);
  drawAll();
  drawTable();
}

function storeState(at, levels, { data, numbers, failed, story }) {
  parts[at] = unpacked(data);
  content.states[at] = [...levels];
  content.numbers[at] = numbers;
  content.failed[at] = failed;
  content.story[at] = content.stories.push(story) - 1;
  widenRanges(parts[at]);
}

// After an error the page shows the nearest state that it has.
function showFallback(target, runs, error) {
  const why = error instanceof ServerError ? error.message : "The server does not respond.";
  if (runs > 0) {
    showOrigin(`${originOf(view.state)} ${why}`, false);
    return;
  }
  redraw(showState(nearest(target, view.recent), target));
  byId("message").textContent = `${why} ${byId("message").textContent}`;
}

// Source of the numbers shown, or a note that a request is pending.
function showOrigin(words, waits) {
  changeText(byId("origin"), words);
  byId("origin").classList.toggle("waits", waits);
}

function waitingWords() {
  return "The server is computing this state. The panels still show the previous one.";
}

function originOf(state) {
  const runs = runsOf(state);
  const seed = `seed ${content.live.seed}`;
  if (state < shippedStates) return `Shipped numbers: ${runs} runs, ${seed}.`;
  if (runs >= content.live.runs) return `Computed by the server: ${runs} runs, ${seed}.`;
  return `Computed by the server: ${runs} of ${content.live.runs} runs so far, ${seed}. Medians and bands of few runs are imprecise; the baseline uses the same number of runs.`;
}
