// Step through the days; a day with a caption is shown longer.
const PER_DAY = 260;
const PER_CAPTION = 2600;
let timer = 0;

function captionOf(day) {
  const story = storyOf(view.state).filter((one) => one.day <= day);
  const last = story[story.length - 1];
  return { words: last.words, today: last.day === day, since: last.day };
}

function drawDay() {
  const { words, today, since } = captionOf(view.day);
  byId("day").value = String(view.day);
  change(byId("day"), { "aria-valuetext": dateWords(view.day) });
  changeText(byId("date"), dateWords(view.day));
  changeText(byId("caption"), today ? words : `Last event, ${dateWords(since, false)}: ${words}`);
  byId("caption").classList.toggle("past", !today);
}

function isPlaying() {
  return timer !== 0;
}

function stopPlaying() {
  window.clearTimeout(timer);
  timer = 0;
  byId("play").textContent = "Play";
  byId("caption").setAttribute("aria-live", "polite");
}

function startPlaying() {
  if (view.day === dayCount - 1) view.day = 0;
  byId("play").textContent = "Pause";
  // A screen reader could not keep up with a caption per day.
  byId("caption").setAttribute("aria-live", "off");
  drawAll();
  wait();
}

function wait() {
  const factor = Number(byId("speed").value);
  timer = window.setTimeout(nextDay, factor * (captionOf(view.day).today ? PER_CAPTION : PER_DAY));
}

function nextDay() {
  view.day += 1;
  drawAll();
  if (view.day < dayCount - 1) {
    wait();
    return;
  }
  stopPlaying();
  keepAddress();
}
