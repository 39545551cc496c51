/** Answers on their way to the server: kept in localStorage until acknowledged, sent again until they are. */

import { wait } from "./clock.js";

/**
 * @typedef {{uuid: string, trial: number, response: "left"|"right", rt_ms: number, shown_at: string, flags: string[]}} Answer
 * @typedef {{correct?: boolean}} Acknowledgement
 */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15000;

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
   * @param {string} visit  names the visit, so that nobody's answers are sent in another visit
   * @param {string} url
   * @param {(waiting: number, problem: string) => void} onChange
   * @param {() => void} onLost  this window's bearer opens nothing any more
   */
  constructor(visit, url, onChange, onLost) {
    this.key = `outbox:${visit}`;
    this.url = url;
    this.onChange = onChange;
    this.onLost = onLost;
    /** What the server knows this window by. @type {string} */
    this.bearer = "";
    /** @type {Map<string, (ack: Acknowledgement) => void>} */
    this.listeners = new Map();
    this.sending = false;
    this.isLost = false;
  }

  /** @returns {Answer[]} */
  get waiting() {
    return JSON.parse(localStorage.getItem(this.key) ?? "[]");
  }

  /**
   * Keep an answer and send it.
   * @param {Answer} answer
   * @returns {Promise<Acknowledgement>} resolves when the server has stored it
   */
  add(answer) {
    this.#keep([...this.waiting, answer]);
    const stored = new Promise((resolve) => this.listeners.set(answer.uuid, resolve));
    this.flush();
    return stored;
  }

  /** Send what waits, oldest first, until nothing waits. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    let delay = FIRST_DELAY_MS;
    while (this.waiting.length > 0) {
      const answer = this.waiting[0];
      const acknowledgement = await this.#send(answer);
      if (this.isLost) return; // what waits is sent by the window that the visit went on in
      if (acknowledgement === null) {
        this.onChange(this.waiting.length, "No connection; trying again.");
        await wait(delay);
        delay = Math.min(2 * delay, LONGEST_DELAY_MS);
        continue;
      }
      delay = FIRST_DELAY_MS;
      this.#keep(this.waiting.filter((other) => other.uuid !== answer.uuid));
      this.listeners.get(answer.uuid)?.(acknowledgement);
      this.listeners.delete(answer.uuid);
    }
    this.sending = false;
  }

  /**
   * @param {Answer} answer
   * @returns {Promise<Acknowledgement|null>} null: not stored yet
   */
  async #send(answer) {
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.bearer}` },
        body: JSON.stringify(answer),
        keepalive: true,
        credentials: "omit", // the bearer says it all
      });
      if (response.ok) return await response.json();
      if (response.status === 401) {
        this.isLost = true;
        this.onLost();
      }
      return response.status === 409 ? {} : null; // 409: this trial has an answer already, and the first stands
    } catch {
      return null;
    }
  }

  /** @param {Answer[]} answers */
  #keep(answers) {
    localStorage.setItem(this.key, JSON.stringify(answers));
    this.onChange(answers.length, "");
  }
}
