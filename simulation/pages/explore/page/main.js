// Put everything together: build the sliders, listen, draw.
function buildSliders() {
  content.sliders.forEach((slider, at) => {
    const id = `slider-${at}`;
    const box = element("div", "", { class: "slider" });
    const label = element("label", "", { for: id });
    label.append(element("b", slider.label), element("output", "", { for: id, id: `${id}-words` }));
    const input = element("input", "", { type: "range", id, min: "0", max: String(slider.levels.length - 1), step: "1", "aria-describedby": `${id}-help`, "data-key": slider.key });
    input.addEventListener("input", () => told(moveSlider(at, Number(input.value))));
    box.append(label, input, element("small", slider.help, { id: `${id}-help` }));
    byId("sliders").append(box);
  });
}

function drawSliders() {
  content.sliders.forEach((slider, at) => {
    const input = byId(`slider-${at}`);
    const words = levelWords(at, view.levels[at]);
    if (input.value !== String(view.levels[at])) input.value = String(view.levels[at]);
    change(input, { "aria-valuetext": words });
    changeText(byId(`slider-${at}-words`), words);
    input.parentElement.classList.toggle("moved", view.levels[at] !== home[at]);
  });
}

function drawAll() {
  drawSliders();
  drawDay();
  drawNow();
  drawUsdjpy();
  drawYen();
  drawUnwound();
  drawRisk();
  drawCommand();
}

// Another command is not the one that was copied.
function drawCommand() {
  const command = commandFor(view.state, view.day);
  if (byId("command").textContent === command) return;
  byId("command").textContent = command;
  byId("copied").textContent = "";
}

// Draw after a move of a slider or a new address, and say what could not follow.
function told(left, unread = []) {
  drawAll();
  drawTable();
  changeText(byId("message"), messageFor(left, unread));
  keepAddress();
}

function keepAddress() {
  const hash = hashOf();
  if (hash !== window.location.hash.slice(1)) window.history.replaceState(null, "", `#${hash}`);
}

// Show the state that the address names; whether it names any.
function openAddress() {
  const found = readHash();
  if (found) told(found.left, found.unread);
  return found !== null;
}

async function copyCommand() {
  try {
    await navigator.clipboard.writeText(byId("command").textContent);
    byId("copied").textContent = "Copied.";
  } catch {
    window.getSelection().selectAllChildren(byId("command"));
    byId("copied").textContent = "Selected: copy it with the keyboard.";
  }
}

function listen() {
  byId("reset").addEventListener("click", () => {
    view.recent = [];
    told(wishFor([...home]));
  });
  byId("copy").addEventListener("click", copyCommand);
  byId("play").addEventListener("click", () => {
    if (isPlaying()) stopPlaying();
    else startPlaying();
    keepAddress();
  });
  byId("day").addEventListener("input", () => {
    if (isPlaying()) stopPlaying();
    view.day = Number(byId("day").value);
    drawAll();
    keepAddress();
  });
  window.addEventListener("hashchange", openAddress);
  window.addEventListener("resize", () => {
    measure();
    drawAll();
  });
}

function introduce() {
  const first = dateWords(0);
  byId("title").textContent = `The yen carry trade: ${content.title}`;
  byId("about").textContent = `${first} to ${dateWords(dayCount - 1)}, in ${parts.length} computed states of ${content.runs} simulated runs each${content.live ? ", and in any other that the server computes" : ""}, under the same news. Dotted lines and diamonds: the baseline.`;
  byId("day").max = String(dayCount - 1);
  byId("reading").textContent = "Lines are medians over runs, bands the middle 80 % of runs: what is uncertain of the news, not of the model. Medians of parts do not add up to the median of their sum. Differences to the baseline are due to the sliders; the level of a median is not an effect of policy. This is a simulation, not a forecast.";
  byId("source").textContent = `carryflow ${content.version}, scenario ${content.scenario}${content.live ? "" : `, ${content.runs} runs a state`}. Only computed states are shown; nothing is interpolated.`;
}

introduce();
buildSliders();
buildTable();
measure();
listen();
if (!openAddress()) told(wishFor([...home]));
