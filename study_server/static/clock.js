/** Time as the participant's screen knows it; all times are milliseconds on the clock of `event.timeStamp`. */

/**
 * Wait until what was drawn last has been painted.
 * @returns {Promise<number>} the start of the frame after the one that drew
 */
export function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** @returns {number} */
export function now() {
  return performance.now();
}
