/** The trial page: one trial after the other, each answer stored as soon as it is given. */

import { frameInterval, now, painted, wait } from "./clock.js";
import { Controls } from "./controls.js";
import { Flip } from "./flip.js";
import { Interlude } from "./interlude.js";
import { Journal } from "./journal.js";
import { Outbox, newUuid } from "./outbox.js";
import { Preload } from "./preload.js";
import { Presented } from "./presented.js";
import { Status } from "./status.js";
import { Viewer } from "./viewer.js";
import { Watch } from "./watch.js";
import { say } from "./words.js";

/** @param {string} id */
const element = (id) => document.getElementById(id);

const FEEDBACK_MS = 1200;
const page = element("trial");
const { base, visit, layout } = page.dataset;
const dialog = element("instructions");
const status = new Status(page);
const viewer = new Viewer(element("stage"), layout);
const interlude = new Interlude(element("interlude"), [element("stage"), page.querySelector(".question")]);
const journal = new Journal(`${base}/events`, () => outbox.lose());
const outbox = new Outbox(visit, `${base}/answers`, { onChange: (...now) => status.saving(...now), onLost, onRefused });
const keys = { [page.dataset.leftKey]: "left", [page.dataset.rightKey]: "right", ...(element("choose-tie") && { n: "tie" }) };
const buttons = { left: element("choose-left"), right: element("choose-right"), tie: element("choose-tie") };
const flip = layout === "flip" ? new Flip(element("stage"), element("flip"), Number(page.dataset.exposure)) : null;
const present = Object.fromEntries(Object.entries(buttons).filter(([, button]) => button !== null));
const controls = new Controls(present, keys, () => dialog.open || (flip !== null && !flip.isSeen));
const watch = new Watch(onMark);
const presented = new Presented(element("stamp"));

/** Marks for the trial on the screen. @type {Set<string>} */
let marks = new Set();
/** @type {import("./preload.js").Trial|null} */
let current = null;
let technicalCode = "";
let frameMs = 1000 / 60;

element("open-instructions").addEventListener("click", (event) => {
  onMark("paused", null);
  dialog.showModal();
  event.currentTarget.blur();
});
dialog.addEventListener("close", () => controls.held.clear());

/**
 * @param {"hidden"|"shown"|"zoomed"|"paused"} mark
 * @param {number|null} value
 */
function onMark(mark, value) {
  journal.note(mark, current?.index ?? null, value);
  if (mark !== "shown") marks.add(mark);
  if (mark !== "zoomed" || viewer.images === null) return;
  viewer.clear(); // the trial is shown again when the participant goes on
  controls.interrupt();
}

/** Say that this window is no longer the one that answers; loading the page again makes it that. */
async function onLost() {
  controls.interrupt();
  const words = say("It was opened in another window or browser, or it is over. Continue to go on here.");
  await interlude.show(say("Your visit goes on elsewhere"), words);
  location.reload();
}

/** Say that the server does not take an answer, and give the code for that: nobody is stranded. */
async function onRefused() {
  controls.interrupt();
  const words = say(
    "The study cannot go on, which is our fault and not yours. If you came from Prolific, enter the code {code} there. You may also continue to try again.",
    { code: technicalCode },
  );
  await interlude.show(say("Something is wrong on our side"), words);
  location.reload();
}

/** Wait until the images have room, after the window or its zoom has changed. */
async function resume() {
  const words = say("The size of the window or its zoom has changed. Please leave both as they are while you answer.");
  await interlude.show(say("Paused"), words);
}

/**
 * Show one trial and wait for its answer.
 * @param {import("./preload.js").Trial} trial
 * @param {Promise<import("./viewer.js").Images>} loading
 * @param {number} blankMs
 * @param {string[]} firstMarks
 * @returns {Promise<{response: string, rt_ms: number, shown_at: string, flags: string[]}>}
 */
async function run(trial, loading, blankMs, firstMarks) {
  marks = new Set(firstMarks);
  for (;;) {
    const start = now();
    viewer.clear();
    const images = await status.whileLoading(loading);
    await wait(blankMs - (now() - start));
    viewer.show(images, trial.index);
    if (!viewer.fits) {
      viewer.clear();
      marks.add("zoomed");
      const words = say("Please make the window larger, or its zoom smaller (Ctrl and minus), and go on.");
      await interlude.show(say("The pictures have no room"), words);
      continue;
    }
    const { onset, isLate } = await painted(frameMs, presented);
    if (isLate) marks.add("late");
    flip?.start(Object.keys(images), onset, (value) => journal.note("flipped", trial.index, value));
    const choice = outbox.isOver ? null : await controls.choice();
    flip?.stop();
    if (outbox.isOver) return new Promise(() => {}); // the page says why, and is loaded again
    if (choice === null) {
      await resume();
      continue;
    }
    const shown_at = new Date(performance.timeOrigin + onset).toISOString();
    return { response: choice.response, rt_ms: Math.max(0, choice.at - onset), shown_at, flags: [...marks] };
  }
}

/**
 * @param {import("./preload.js").Trial|undefined} last
 * @param {import("./preload.js").Trial} next
 */
async function pauseBetween(last, next) {
  if (last === undefined || last.block === next.block) return;
  if (last.block === 0) await interlude.show(say("Practice is over"), say("From now on there is no feedback. Take the time you need."));
  else await interlude.show(say("Block {block} is done", { block: last.block }), say("Rest your eyes for a moment. Go on when you are ready."));
}

/** Open the visit in this window; an answer that still waits in the outbox is sent before the trials are asked for. */
async function remaining() {
  await outbox.load();
  const plan = await open();
  if (outbox.waiting.length === 0) return plan;
  await outbox.flush();
  return open();
}

async function open() {
  for (;;) {
    try {
      const response = await fetch(`${base}/visit`, { method: "POST" });
      if ([401, 403].includes(response.status)) location.reload(); // over, or a step before the trials is missing
      if (response.ok) {
        const plan = await response.json();
        outbox.bearer = journal.bearer = plan.bearer;
        technicalCode = plan.technical_code;
        return plan;
      }
    } catch {
      // no connection: tried again below
    }
    status.saving(outbox.waiting.length, true);
    await wait(2000);
  }
}

async function main() {
  const plan = await remaining();
  const preload = new Preload(base, plan.trials, (kind, trial, value) => journal.note(kind, trial, value));
  if (plan.trials.length > 0) preload.get(0);
  frameMs = await frameInterval();
  let done = plan.total - plan.trials.filter((trial) => trial.block > 0).length;
  for (const [position, trial] of plan.trials.entries()) {
    await pauseBetween(plan.trials[position - 1], trial);
    status.progress(plan, trial, done);
    current = trial;
    const isResumed = position === 0 && plan.answered > 0;
    const answer = await run(trial, preload.get(position), plan.blank_ms, isResumed ? ["resumed"] : []);
    viewer.clear();
    preload.release(position);
    const stored = outbox.add({ uuid: newUuid(), trial: trial.index, ...answer });
    if (trial.block === 0) await status.feedback((await stored).correct, FEEDBACK_MS);
    else done += 1;
    if (position === plan.trials.length - 1) await stored;
  }
  current = null;
  await outbox.flush();
  await journal.send();
  watch.stop();
  await finish();
}

/** Tell the server that all is answered, until it has heard it; only then leave the page. */
async function finish() {
  for (;;) {
    try {
      const headers = { Authorization: `Bearer ${outbox.bearer}` };
      const response = await fetch(`${base}/completion`, { method: "POST", headers, credentials: "omit" });
      if (response.ok) return location.assign(`${base}/done`);
      if (response.status < 500) return location.reload(); // something is unanswered, or the visit is elsewhere
    } catch {
      // no connection: said again
    }
    status.saving(1, true);
    await wait(2000);
  }
}

main();
