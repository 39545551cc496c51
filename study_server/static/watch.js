/** Notices when the page is hidden, and when the window or its zoom changes what a pixel is. */

export class Watch {
  /** @param {(mark: "hidden"|"shown"|"zoomed", value: number|null) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.last = measure();
    this.ending = new AbortController();
    const { signal } = this.ending;
    document.addEventListener("visibilitychange", () => tell(document.hidden ? "hidden" : "shown", null), { signal });
    addEventListener("resize", () => this.#look(), { signal });
    visualViewport?.addEventListener("resize", () => this.#look(), { signal });
  }

  /** Notice nothing more. */
  stop() {
    this.ending.abort();
  }

  /** A phone's address bar comes and goes: a change of height alone is no zoom. */
  #look() {
    const found = measure();
    if (found.every((value, i) => value === this.last[i])) return;
    this.last = found;
    this.tell("zoomed", devicePixelRatio);
  }
}

/** @returns {number[]} */
function measure() {
  return [devicePixelRatio, visualViewport?.scale ?? 1, innerWidth];
}
