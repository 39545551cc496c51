/** Images of the next trials, loaded and decoded before they are needed. */

import { wait } from "./clock.js";

/**
 * @typedef {{index: number, block: number, images: Object<string, string>}} Trial
 * @typedef {Object<string, HTMLImageElement>} Images  by place: left, reference, right
 */

const AHEAD = 3;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;

export class Preload {
  /**
   * @param {string} base
   * @param {Trial[]} trials
   */
  constructor(base, trials) {
    this.base = base;
    this.trials = trials;
    /** @type {Map<number, Promise<Images>>} */
    this.loading = new Map();
  }

  /**
   * @param {number} position  among the trials that were unanswered when the page was loaded
   * @returns {Promise<Images>} decoded, ready to be painted
   */
  async get(position) {
    const images = await this.#start(position);
    for (let next = position + 1; next <= position + AHEAD && next < this.trials.length; next++) {
      this.#start(next);
    }
    this.loading.delete(position);
    return images;
  }

  /**
   * @param {number} position
   * @returns {Promise<Images>}
   */
  #start(position) {
    let images = this.loading.get(position);
    if (images === undefined) {
      images = this.#load(this.trials[position]);
      this.loading.set(position, images);
    }
    return images;
  }

  /**
   * @param {Trial} trial
   * @returns {Promise<Images>}
   */
  async #load(trial) {
    const places = Object.entries(trial.images);
    const images = await Promise.all(places.map(([, name]) => decoded(`${this.base}/i/${name}.png`)));
    return Object.fromEntries(places.map(([place], i) => [place, images[i]]));
  }
}

/**
 * @param {string} url
 * @returns {Promise<HTMLImageElement>}
 */
async function decoded(url) {
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(2 * delay, LONGEST_DELAY_MS)) {
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    image.src = url;
    try {
      await image.decode();
      return image;
    } catch {
      await wait(delay); // cut off or offline: tried until it comes
    }
  }
}
