/** Time as the participant's screen knows it; all times are milliseconds on the clock of `event.timeStamp`. */

const FRAMES = 20;
const PATIENCE_MS = 1000;

/** @returns {Promise<number>} when the next frame began */
export function frame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/**
 * Wait until what was drawn last has been painted. Called by whoever has just drawn.
 * @param {number} interval  of frames, milliseconds
 * @param {import("./presented.js").Presented} presented
 * @returns {Promise<{onset: number, isLate: boolean}>} when it was presented, or, where the browser does not tell, the
 *   start of the frame after the one that drew; and whether it came later than it should
 */
export async function painted(interval, presented) {
  const telling = presented.stamp();
  const drawn = await frame();
  const next = await frame();
  const told = await Promise.race([telling, wait(PATIENCE_MS).then(() => null)]);
  if (told !== null) return { onset: told, isLate: told - drawn > 2.5 * interval };
  return { onset: next, isLate: presented.isTold || next - drawn > 1.5 * interval };
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
