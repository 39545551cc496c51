/** The trial page: one trial after the other, each answer stored as soon as it is given. */

import { now, painted, wait } from "./clock.js";
import { Controls } from "./controls.js";
import { Interlude } from "./interlude.js";
import { Outbox, newUuid } from "./outbox.js";
import { Preload } from "./preload.js";
import { Stage } from "./stage.js";

/** @param {string} id */
const element = (id) => document.getElementById(id);

const FEEDBACK_MS = 900;
const page = element("trial");
const base = page.dataset.base;
const dialog = element("instructions");
const stage = new Stage(element("stage"));
const interlude = new Interlude(element("interlude"), [element("stage"), page.querySelector(".question")]);
const controls = new Controls(element("choose-left"), element("choose-right"), () => dialog.open);
const outbox = new Outbox(page.dataset.visit, `${base}/answers`, showSaved, showLost);

/** Marks for the trial on the screen. @type {Set<string>} */
let marks = new Set();

document.addEventListener("visibilitychange", () => document.hidden && marks.add("hidden"));
addEventListener("resize", () => marks.add("zoomed"));
element("open-instructions").addEventListener("click", (event) => {
  marks.add("paused");
  dialog.showModal();
  event.currentTarget.blur();
});

/**
 * @param {number} waiting
 * @param {string} problem
 */
function showSaved(waiting, problem) {
  element("saved").textContent = problem || (waiting > 0 ? "saving …" : "saved ✓");
}

/** Say that this window is no longer the one that answers; loading the page again makes it that. */
async function showLost() {
  await interlude.show("Your visit goes on elsewhere", "It was opened in another window or browser, or it is over. Continue to go on here.");
  location.reload();
}

/**
 * @param {{total: number, blocks: number}} plan
 * @param {import("./preload.js").Trial} trial
 * @param {number} done
 */
function showProgress(plan, trial, done) {
  const isPractice = trial.block === 0;
  element("block").textContent = isPractice ? "Practice" : `Block ${trial.block} of ${plan.blocks}`;
  element("count").textContent = isPractice ? " " : `${done + 1} of ${plan.total}`;
  element("progress").value = done / plan.total;
}

/**
 * Show one trial and wait for its answer.
 * @param {Promise<import("./preload.js").Images>} loading
 * @param {number} blankMs
 * @param {string[]} firstMarks
 * @returns {Promise<{response: "left"|"right", rt_ms: number, shown_at: string, flags: string[]}>}
 */
async function run(loading, blankMs, firstMarks) {
  const start = now();
  stage.clear();
  const images = await loading;
  await wait(blankMs - (now() - start));
  marks = new Set(firstMarks);
  stage.place(images);
  const onset = await painted();
  const shown_at = new Date(performance.timeOrigin + onset).toISOString();
  const { side, at } = await controls.choice();
  return { response: side, rt_ms: Math.max(0, at - onset), shown_at, flags: [...marks] };
}

/** @param {boolean|undefined} correct */
async function showFeedback(correct) {
  if (correct === undefined) return;
  element("feedback").textContent = correct ? "✓ Yes, that one is closer." : "✗ No, the other one is closer.";
  await wait(FEEDBACK_MS);
  element("feedback").textContent = " ";
}

/**
 * @param {import("./preload.js").Trial|undefined} last
 * @param {import("./preload.js").Trial} next
 */
async function pauseBetween(last, next) {
  if (last === undefined || last.block === next.block) return;
  if (last.block === 0) await interlude.show("Practice is over", "From now on there is no feedback. Take the time you need.");
  else await interlude.show(`Block ${last.block} is done`, "Rest your eyes for a moment. Go on when you are ready.");
}

/** Open the visit in this window; an answer that still waits in the outbox is sent before the trials are asked for. */
async function remaining() {
  const plan = await open();
  if (outbox.waiting.length === 0) return plan;
  await outbox.flush();
  return open();
}

async function open() {
  for (;;) {
    try {
      const response = await fetch(`${base}/visit`, { method: "POST" });
      if (response.status === 401) location.reload(); // not in its trials any more
      if (response.ok) {
        const plan = await response.json();
        outbox.bearer = plan.bearer;
        return plan;
      }
    } catch {
      // no connection: tried again below
    }
    element("saved").textContent = "No connection; trying again.";
    await wait(2000);
  }
}

async function main() {
  const plan = await remaining();
  const preload = new Preload(base, plan.trials);
  let done = plan.total - plan.trials.filter((trial) => trial.block > 0).length;
  for (const [position, trial] of plan.trials.entries()) {
    await pauseBetween(plan.trials[position - 1], trial);
    showProgress(plan, trial, done);
    const isResumed = position === 0 && plan.answered > 0;
    const answer = await run(preload.get(position), plan.blank_ms, isResumed ? ["resumed"] : []);
    const stored = outbox.add({ uuid: newUuid(), trial: trial.index, ...answer });
    if (trial.block === 0) await showFeedback((await stored).correct);
    else done += 1;
    if (position === plan.trials.length - 1) await stored;
  }
  stage.clear();
  await outbox.flush();
  element("finish").submit();
}

main();
