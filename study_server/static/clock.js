/** Time as the participant's screen knows it; all times are milliseconds on the clock of `event.timeStamp`. */

const FRAMES = 20;

/** @returns {Promise<number>} when the next frame began */
export function frame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/**
 * Wait until what was drawn last has been painted.
 * @param {number} interval  of frames, milliseconds
 * @returns {Promise<{onset: number, isLate: boolean}>} the start of the frame after the one that drew, and whether
 *   frames were missed on the way
 */
export async function painted(interval) {
  const drawn = await frame();
  const onset = await frame();
  return { onset, isLate: onset - drawn > 1.5 * interval };
}

/** @returns {Promise<number>} the median time between frames, milliseconds */
export async function frameInterval() {
  const times = [await frame()];
  while (times.length <= FRAMES) times.push(await frame());
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  return gaps.sort((a, b) => a - b)[FRAMES / 2];
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
