/** The two ways to choose: F and J, and the buttons under the images. One press is one choice. */

/** @typedef {{side: "left"|"right", at: number}} Choice  `at`: event.timeStamp, milliseconds */

const KEYS = { KeyF: "left", KeyJ: "right" };

export class Controls {
  /**
   * @param {HTMLElement} left
   * @param {HTMLElement} right
   * @param {() => boolean} isBlocked  true while something lies over the trial
   */
  constructor(left, right, isBlocked) {
    this.isBlocked = isBlocked;
    /** @type {((choice: Choice) => void)|null} */
    this.listener = null;
    addEventListener("keydown", (event) => this.#key(event));
    this.#button(left, "left");
    this.#button(right, "right");
  }

  /**
   * Wait for the next press; presses before this call, and keys held since before it, count for nothing.
   * @returns {Promise<Choice>}
   */
  choice() {
    return new Promise((resolve) => {
      this.listener = resolve;
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const side = KEYS[event.code];
    if (side === undefined || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    this.#choose(side, event.timeStamp);
  }

  /**
   * @param {HTMLElement} button
   * @param {"left"|"right"} side
   */
  #button(button, side) {
    button.addEventListener("pointerdown", (event) => {
      if (event.isPrimary && event.button === 0) this.#choose(side, event.timeStamp);
    });
    button.addEventListener("click", (event) => {
      if (event.detail === 0) this.#choose(side, event.timeStamp); // Enter, Space or a screen reader
    });
  }

  /**
   * @param {"left"|"right"} side
   * @param {number} at
   */
  #choose(side, at) {
    if (this.listener === null || this.isBlocked()) return;
    const listener = this.listener;
    this.listener = null;
    listener({ side, at });
  }
}
