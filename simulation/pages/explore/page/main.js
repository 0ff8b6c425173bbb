// Entry point: build the sliders, attach event handlers, draw.
function buildSliders() {
  content.sliders.forEach((slider, at) => {
    const id = `slider-${at}`;
    const box = element("div", "", { class: "slider" });
    const label = element("label", "", { for: id });
    label.append(element("b", slider.label), element("output", "", { for: id, id: `${id}-words` }));
    const input = element("input", "", { type: "range", id, min: "0", max: String(slider.levels.length - 1), step: "1", "aria-describedby": `${id}-help`, "data-key": slider.key });
    input.addEventListener("input", () => redraw(moveSlider(at, Number(input.value))));
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

// A new command clears the "Copied" note.
function drawCommand() {
  const command = commandFor(view.state, view.day);
  if (byId("command").textContent === command) return;
  byId("command").textContent = command;
  byId("copied").textContent = "";
}

// Redraw after a slider or the address has changed, and report what the page could not apply.
function redraw(left, unread = []) {
  drawAll();
  drawTable();
  changeText(byId("message"), messageFor(left, unread));
  keepAddress();
}

function keepAddress() {
  const hash = hashOf();
  if (hash !== window.location.hash.slice(1)) window.history.replaceState(null, "", `#${hash}`);
}

// Show the state in the address; returns false if the address names none.
function openAddress() {
  const address = readHash();
  if (address) redraw(address.left, address.unread);
  return address !== null;
}

async function copyCommand() {
  try {
    await navigator.clipboard.writeText(byId("command").textContent);
    byId("copied").textContent = "Copied.";
  } catch {
    window.getSelection().selectAllChildren(byId("command"));
    byId("copied").textContent = "The command is selected: copy it with the keyboard.";
  }
}

function listen() {
  byId("reset").addEventListener("click", () => {
    view.recent = [];
    redraw(moveTo([...home]));
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
  byId("about").textContent = `${first} to ${dateWords(dayCount - 1)}, ${parts.length} computed states with ${content.runs} simulated runs each${content.live ? "; the server computes any other state" : ""}. All states use the same random news. Dotted lines and diamonds show the baseline.`;
  byId("day").max = String(dayCount - 1);
  byId("reading").textContent = "Lines are medians over runs; bands hold the middle 80 % of runs. Bands show uncertainty about news, not about the model. Medians of components do not add up to the median of the total. Differences from the baseline are due to the sliders; the level of a median is not a policy effect. This is a simulation, not a forecast.";
  byId("source").textContent = `carryflow ${content.version}, scenario ${content.scenario}${content.live ? "" : `, ${content.runs} runs per state`}. Only computed states are shown, without interpolation.`;
}

introduce();
buildSliders();
buildTable();
measure();
listen();
if (!openAddress()) redraw(moveTo([...home]));
