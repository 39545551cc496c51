/** When a frame was on the screen by the browser's own account (Element Timing); only Chromium's tell. */

export class Presented {
  /** @param {HTMLElement} place  holds a stamp that is painted with the frame, in the colour of its ground */
  constructor(place) {
    this.place = place;
    this.isTold = globalThis.PerformanceObserver?.supportedEntryTypes.includes("element") ?? false;
    this.count = 0;
    /** @type {(at: number) => void} */
    this.tell = () => {};
    if (this.isTold) new PerformanceObserver((list) => list.getEntries().forEach((entry) => this.#told(entry))).observe({ type: "element" });
  }

  /**
   * Put a new stamp on the page, so that the next frame shows it.
   * @returns {Promise<number|null>} when that frame was presented; null if this browser does not tell
   */
  stamp() {
    if (!this.isTold) return Promise.resolve(null);
    const stamp = document.createElement("div"); // a block: the text of an inline element counts as its parent's
    stamp.setAttribute("elementtiming", String(++this.count));
    stamp.textContent = "·";
    this.place.replaceChildren(stamp);
    return new Promise((resolve) => (this.tell = resolve));
  }

  /** @param {PerformanceEntry & {identifier: string, renderTime: number}} entry */
  #told(entry) {
    if (entry.identifier === String(this.count) && entry.renderTime > 0) this.tell(entry.renderTime);
  }
}
