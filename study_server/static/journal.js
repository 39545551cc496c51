/** What happens beside the answers: load times, retries, focus, zoom. Sent now and then; losing some does no harm. */

import { newUuid } from "./outbox.js";

const AT_ONCE = 50;
const EVERY_MS = 5000;
const MOST = 500;

export class Journal {
  /**
   * @param {string} url
   * @param {() => void} onLost  this window's bearer opens nothing any more
   */
  constructor(url, onLost) {
    this.url = url;
    this.onLost = onLost;
    /** What the server knows this window by. @type {string} */
    this.bearer = "";
    /** @type {Object[]} */
    this.events = [];
    setInterval(() => this.send(), EVERY_MS);
    addEventListener("pagehide", () => this.send());
  }

  /**
   * @param {string} kind
   * @param {number|null} trial
   * @param {number|null} value
   */
  note(kind, trial = null, value = null) {
    if (this.events.length >= MOST) return;
    this.events.push({ uuid: newUuid(), kind, trial, value, happened_at: new Date().toISOString() });
  }

  /** Send what was noted; what does not arrive is sent again the next time. */
  async send() {
    const events = this.events.slice(0, AT_ONCE);
    if (events.length === 0 || this.bearer === "") return;
    try {
      const headers = { "Content-Type": "application/json", Authorization: `Bearer ${this.bearer}` };
      const body = JSON.stringify({ events });
      const response = await fetch(this.url, { method: "POST", headers, body, keepalive: true, credentials: "omit" });
      if (response.status === 401) this.onLost();
      if (response.ok) this.events = this.events.filter((event) => !events.includes(event));
    } catch {
      // offline
    }
  }
}
