/** Images of the next trials, loaded, decoded and checked before they are needed. */

import { now, wait } from "./clock.js";
import { fetchPicture } from "./picture.js";

/** @typedef {{index: number, block: number, images: Object<string, string>, checks: Object<string, string>}} Trial */
/** @typedef {import("./viewer.js").Images} Images */

export const AHEAD = 5;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;

export class Preload {
  /**
   * @param {string} base
   * @param {Trial[]} trials
   * @param {(kind: "loaded"|"retried", trial: number, value: number) => void} tell
   */
  constructor(base, trials, tell) {
    this.base = base;
    this.trials = trials;
    this.tell = tell;
    /** @type {Map<number, Promise<Images>>} */
    this.loading = new Map();
  }

  /**
   * Wait for a trial's images, and load those of the next ones meanwhile.
   * @param {number} position  among the trials that were unanswered when the page was loaded
   * @returns {Promise<Images>}
   */
  get(position) {
    const last = Math.min(position + AHEAD, this.trials.length - 1);
    for (let next = position; next <= last; next++) {
      if (!this.loading.has(next)) this.loading.set(next, this.#load(this.trials[next]));
    }
    return this.loading.get(position);
  }

  /**
   * Forget the images of a trial that is over.
   * @param {number} position
   */
  async release(position) {
    const images = await this.loading.get(position);
    this.loading.delete(position);
    for (const image of Object.values(images ?? {})) image.close();
  }

  /**
   * @param {Trial} trial
   * @returns {Promise<Images>}
   */
  async #load(trial) {
    const start = now();
    const places = Object.keys(trial.images);
    const images = await Promise.all(places.map((place) => this.#untilRight(trial, place)));
    this.tell("loaded", trial.index, now() - start);
    return Object.fromEntries(places.map((place, i) => [place, images[i]]));
  }

  /**
   * @param {Trial} trial
   * @param {string} place
   * @returns {Promise<ImageBitmap>}
   */
  async #untilRight(trial, place) {
    const name = trial.images[place];
    for (let tries = 0, delay = FIRST_DELAY_MS; ; tries++, delay = Math.min(2 * delay, LONGEST_DELAY_MS)) {
      try {
        return await fetchPicture(`${this.base}/i/${name}.png`, name, trial.checks[place], tries ? "reload" : "default");
      } catch {
        this.tell("retried", trial.index, tries + 1);
        await wait(delay * (0.5 + Math.random())); // cut off, changed or offline: tried until it is right
      }
    }
  }
}
