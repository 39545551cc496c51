/** The ways to choose: keys, mouse, touch, and the buttons under the images. One press is one choice. */

/** @typedef {"left"|"right"|"tie"} Response */
/** @typedef {{response: Response, at: number}} Choice  `at`: event.timeStamp, milliseconds */

export class Controls {
  /**
   * @param {Object<string, HTMLElement>} buttons  by response
   * @param {Object<string, string>} keys  response by key, lower case, such as `f` or `arrowleft`
   * @param {() => boolean} isBlocked  true while something lies over the trial
   */
  constructor(buttons, keys, isBlocked) {
    this.keys = keys;
    this.isBlocked = isBlocked;
    /** Answer keys that are down. @type {Set<string>} */
    this.held = new Set();
    /** @type {((choice: Choice|null) => void)|null} */
    this.listener = null;
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("keyup", (event) => this.held.delete(this.#named(event)));
    addEventListener("blur", () => this.held.clear()); // a key that is released elsewhere is not seen here
    for (const [response, button] of Object.entries(buttons)) this.#button(button, response);
  }

  /**
   * Wait for the next press; presses before this call, and keys held since before it, count for nothing.
   * @returns {Promise<Choice|null>} null: interrupted
   */
  choice() {
    return new Promise((resolve) => {
      this.listener = resolve;
    });
  }

  /** Stop waiting for a press. */
  interrupt() {
    this.#end(null);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = this.#named(event);
    if (this.keys[key] === undefined || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const isFree = this.held.size === 0;
    this.held.add(key);
    if (isFree) this.#choose(this.keys[key], event.timeStamp);
  }

  /**
   * Name a key by what it types, or by its place where the keyboard types other letters.
   * @param {KeyboardEvent} event
   * @returns {string}
   */
  #named(event) {
    const typed = event.key.toLowerCase();
    return this.keys[typed] === undefined ? event.code.replace("Key", "").toLowerCase() : typed;
  }

  /**
   * @param {HTMLElement} button
   * @param {Response} response
   */
  #button(button, response) {
    button.addEventListener("pointerdown", (event) => {
      if (event.isPrimary && event.button === 0) this.#choose(response, event.timeStamp);
    });
    button.addEventListener("click", (event) => {
      if (event.detail === 0) this.#choose(response, event.timeStamp); // Enter, Space or a screen reader
    });
  }

  /**
   * @param {Response} response
   * @param {number} at
   */
  #choose(response, at) {
    if (!this.isBlocked()) this.#end({ response, at });
  }

  /** @param {Choice|null} choice */
  #end(choice) {
    const listener = this.listener;
    this.listener = null;
    listener?.(choice);
  }
}
