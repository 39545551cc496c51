/** What the trial page says beside the images: progress, feedback, saved or not. */

import { wait } from "./clock.js";
import { say } from "./words.js";

const PATIENCE_MS = 1500;

export class Status {
  /** @param {HTMLElement} page */
  constructor(page) {
    /** @param {string} id */
    const find = (id) => page.querySelector(`#${id}`);
    this.block = find("block");
    this.count = find("count");
    this.bar = find("progress");
    this.words = find("feedback");
    this.saved = find("saved");
  }

  /**
   * @param {number} waiting  answers that are not acknowledged
   * @param {boolean} isTrying  whether sending has failed
   */
  saving(waiting, isTrying) {
    if (isTrying) this.saved.textContent = say("No connection; trying again. Your answers are kept.");
    else this.saved.textContent = waiting > 0 ? say("saving …") : say("saved ✓");
  }

  /**
   * @param {{total: number, blocks: number}} plan
   * @param {import("./preload.js").Trial} trial
   * @param {number} done
   */
  progress(plan, trial, done) {
    const isPractice = trial.block === 0;
    this.block.textContent = isPractice ? say("Practice") : say("Block {block} of {blocks}", { block: trial.block, blocks: plan.blocks });
    this.count.textContent = isPractice ? "\u00a0" : say("{number} of {total}", { number: done + 1, total: plan.total });
    this.bar.value = done / plan.total;
  }

  /**
   * @param {boolean|undefined} correct
   * @param {number} ms
   */
  async feedback(correct, ms) {
    if (correct === undefined) return;
    this.words.textContent = correct ? say("✓ Yes, that one.") : say("✗ No, the other one.");
    await wait(ms);
    this.words.textContent = "\u00a0";
  }

  /**
   * Say that images are loading, if that takes long.
   * @template T
   * @param {Promise<T>} loading
   * @returns {Promise<T>}
   */
  async whileLoading(loading) {
    const timer = setTimeout(() => (this.words.textContent = say("Loading the next pictures …")), PATIENCE_MS);
    const loaded = await loading;
    clearTimeout(timer);
    this.words.textContent = "\u00a0";
    return loaded;
  }
}
