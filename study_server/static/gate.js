/** The device gate: looks whether this browser and window can show the pictures as they are, and says what to do. */

import { frameInterval } from "./clock.js";
import { pixelSha256 } from "./picture.js";
import { scaleFor } from "./viewer.js";
import { say } from "./words.js";

const SIDE = 16;
const list = document.getElementById("gate");
const { layout, devices } = list.dataset;
const image = { width: Number(list.dataset.width), height: Number(list.dataset.height) };
const count = Number(list.dataset.count);
const goOn = document.getElementById("go-on");

/** @returns {boolean} */
function isAble() {
  return [globalThis.OffscreenCanvas, globalThis.createImageBitmap, globalThis.ResizeObserver, globalThis.crypto?.subtle].every(Boolean);
}

/** Draw a known picture twice over and read it back: a browser that changes pictures gives another answer. */
async function isExact() {
  if (!isAble()) return false;
  const data = new ImageData(SIDE, SIDE);
  for (let i = 0; i < data.data.length; i++) data.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256;
  const bitmap = await createImageBitmap(data, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const bytes = [...data.data].filter((_, i) => i % 4 !== 3);
  const size = new TextEncoder().encode(`${SIDE}x${SIDE}:`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array([...size, ...bytes])));
  const expected = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return (await pixelSha256(bitmap)) === expected;
}

/** @returns {number} */
const zoom = () => visualViewport?.scale ?? 1;

/** @returns {string} */
function gamut() {
  return ["rec2020", "p3", "srgb"].find((name) => matchMedia(`(color-gamut: ${name})`).matches) ?? "unknown";
}

/** @returns {string} */
function engine() {
  if (navigator.userAgent.includes("Firefox/")) return "gecko";
  if (navigator.userAgent.includes("Chrome/")) return "chromium";
  return navigator.userAgent.includes("AppleWebKit/") ? "webkit" : "other";
}

/** @returns {string} */
function kind() {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "phone" : "tablet";
}

/** @param {number} frameMs */
function facts(frameMs) {
  return {
    kind: kind(),
    engine: engine(),
    pixel_ratio: devicePixelRatio,
    zoom: zoom(),
    window: [innerWidth, innerHeight],
    screen: [screen.width, screen.height],
    scale: scaleFor(image, count, layout),
    frame_ms: frameMs,
    gamut: gamut(),
    is_isolated: crossOriginIsolated,
  };
}

async function main() {
  const exact = await isExact();
  const frameMs = await frameInterval();
  const look = () => {
    const isRightKind = devices.split(" ").includes(kind());
    const found = { able: isAble(), exact, kind: isRightKind, zoom: Math.abs(zoom() - 1) < 0.01, room: scaleFor(image, count, layout) >= 1 };
    for (const item of list.children) item.dataset.found = found[item.dataset.check] ? "yes" : "no";
    const isFine = Object.values(found).every(Boolean);
    goOn.disabled = !isFine;
    document.getElementById("verdict").textContent = isFine
      ? say("Everything is fine. Please leave the window and its zoom as they are.")
      : say("Something is not as it should be; see above. This page notices by itself when it is.");
    document.getElementById("facts").value = isFine ? JSON.stringify(facts(frameMs)) : "";
  };
  addEventListener("resize", look);
  visualViewport?.addEventListener("resize", look);
  look();
}

main();
