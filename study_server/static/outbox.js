/** Answers on their way to the server: kept on this device until acknowledged, sent again until they are. */

import { wait } from "./clock.js";
import { Keeper } from "./keeper.js";

/**
 * @typedef {{uuid: string, trial: number, response: string, rt_ms: number, shown_at: string, flags: string[]}} Answer
 * @typedef {{correct?: boolean}} Acknowledgement
 * @typedef {{onChange: (waiting: number, isTrying: boolean) => void, onLost: () => void, onRefused: () => void}} Listeners
 */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15000;
const TIMEOUT_MS = 20000;
const NEVER = [400, 403, 404, 413, 422]; // sent again, such an answer would be refused again

/**
 * Make a random id (version 4); `crypto.randomUUID` is missing where the page is not served over HTTPS.
 * @returns {string}
 */
export function newUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export class Outbox {
  /**
   * @param {string} visit  names the visit
   * @param {string} url
   * @param {Listeners} listeners  what waits has changed; this window's bearer opens nothing any more; the server
   *   will never take an answer
   */
  constructor(visit, url, listeners) {
    this.keeper = new Keeper(visit);
    this.url = url;
    this.listeners = listeners;
    /** What the server knows this window by. @type {string} */
    this.bearer = "";
    /** @type {Answer[]} */
    this.waiting = [];
    /** @type {Map<string, (ack: Acknowledgement) => void>} */
    this.stored = new Map();
    this.sending = false;
    this.isOver = false;
    /** @type {() => void} */
    this.hurry = () => {};
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.waiting.forEach((answer) => this.#post(answer).catch(() => {})));
  }

  /** Take up what an earlier page left. */
  async load() {
    this.waiting = await this.keeper.all();
  }

  /**
   * Keep an answer and send it.
   * @param {Answer} answer
   * @returns {Promise<Acknowledgement>} resolves when the server has stored it
   */
  async add(answer) {
    this.waiting.push(answer);
    this.listeners.onChange(this.waiting.length, false);
    const stored = new Promise((resolve) => this.stored.set(answer.uuid, resolve));
    await this.keeper.put(answer);
    this.flush();
    return stored;
  }

  /** Send what waits, oldest first, until nothing waits. */
  async flush() {
    if (this.sending || this.isOver) return;
    this.sending = true;
    let delay = FIRST_DELAY_MS;
    while (this.waiting.length > 0 && !this.isOver) {
      const acknowledgement = await this.#send(this.waiting[0]);
      if (acknowledgement !== null) {
        delay = FIRST_DELAY_MS;
        await this.#stored(this.waiting[0], acknowledgement);
      } else if (!this.isOver) {
        this.listeners.onChange(this.waiting.length, true);
        await Promise.race([wait(delay * (0.5 + Math.random())), new Promise((resolve) => (this.hurry = resolve))]);
        delay = Math.min(2 * delay, LONGEST_DELAY_MS);
      }
    }
    this.sending = false;
  }

  /**
   * @param {Answer} answer
   * @param {Acknowledgement} acknowledgement
   */
  async #stored(answer, acknowledgement) {
    await this.keeper.remove(answer.uuid);
    this.waiting = this.waiting.filter((other) => other.uuid !== answer.uuid);
    this.listeners.onChange(this.waiting.length, false);
    this.stored.get(answer.uuid)?.(acknowledgement);
    this.stored.delete(answer.uuid);
  }

  /**
   * @param {Answer} answer
   * @returns {Promise<Acknowledgement|null>} null: not stored yet
   */
  async #send(answer) {
    try {
      const response = await this.#post(answer);
      if (response.ok) return await response.json();
      if (response.status === 409) return {}; // this trial has an answer already, and the first stands
      if (response.status === 401) this.lose();
      if (NEVER.includes(response.status)) this.#end(this.listeners.onRefused);
    } catch {
      // no connection: sent again
    }
    return null;
  }

  /** Give up, because the visit goes on elsewhere or is over. */
  lose() {
    if (!this.isOver) this.#end(this.listeners.onLost);
  }

  /** @param {() => void} tell */
  #end(tell) {
    this.isOver = true; // what waits stays on this device, and is sent by the window that the visit goes on in
    tell();
  }

  /** @param {Answer} answer */
  #post(answer) {
    return fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.bearer}` },
      body: JSON.stringify(answer),
      keepalive: true, // survives the end of the page
      credentials: "omit", // the bearer says it all
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}
