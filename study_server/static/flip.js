/** The in-place layout: all images stand on one spot, and the space bar brings up the next one. */

import { now } from "./clock.js";

export class Flip {
  /**
   * @param {HTMLElement} stage
   * @param {HTMLElement} button  flips too, and counts
   * @param {number} exposureMs  each image must have been up for so long before an answer counts
   */
  constructor(stage, button, exposureMs) {
    this.stage = stage;
    this.button = button;
    this.exposureMs = exposureMs;
    /** @type {string[]} */
    this.places = [];
    this.isRunning = false;
    button.addEventListener("click", (event) => this.flip(event.timeStamp));
    addEventListener("keydown", (event) => {
      if (event.code !== "Space" || event.repeat || event.target instanceof HTMLButtonElement) return;
      event.preventDefault();
      this.flip(event.timeStamp);
    });
  }

  /** Whether every image has been up long enough. */
  get isSeen() {
    return this.places.every((place) => this.#seen(place) >= this.exposureMs);
  }

  /**
   * Begin with the first image of a trial.
   * @param {string[]} places
   * @param {number} onset
   * @param {(ms: number) => void} tell  milliseconds from onset to each flip
   */
  start(places, onset, tell) {
    this.places = ["left", "reference", "right"].filter((place) => places.includes(place));
    this.tell = tell;
    this.onset = this.since = onset;
    this.count = 0;
    /** @type {Object<string, number>} */
    this.times = {};
    this.isRunning = true;
    this.#show(0);
  }

  /** End the trial. */
  stop() {
    this.isRunning = false;
  }

  /** @param {number} at */
  flip(at) {
    if (!this.isRunning) return;
    const place = this.places[this.current];
    this.times[place] = this.#seen(place);
    this.since = at;
    this.count += 1;
    this.tell(Math.max(0, at - this.onset));
    this.#show((this.current + 1) % this.places.length);
  }

  /** @param {string} place */
  #seen(place) {
    const before = this.times[place] ?? 0;
    return this.places[this.current] === place ? before + now() - this.since : before;
  }

  /** @param {number} current */
  #show(current) {
    this.current = current;
    for (const figure of this.stage.querySelectorAll("figure")) {
      figure.classList.toggle("current", figure.dataset.place === this.places[current]);
    }
    this.button.querySelector("output").textContent = String(this.count);
  }
}
