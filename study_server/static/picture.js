/** One image: fetched, decoded without any conversion, and compared with what the server says of its pixels. */

const TIMEOUT_MS = 20000;

/**
 * Fetch and decode an image; what was cut off or changed on its way is an error.
 * @param {string} url
 * @param {string} name  the image's
 * @param {string} check  SHA-256 over the name and the SHA-256 of the pixels
 * @param {RequestCache} cache
 * @returns {Promise<ImageBitmap>}
 */
export async function fetchPicture(url, name, check, cache) {
  const response = await fetch(url, { cache, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const bitmap = await createImageBitmap(await response.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  if ((await sha256(name + (await pixelSha256(bitmap)))) !== check) throw new Error("other pixels than the server's");
  return bitmap;
}

/**
 * Return the SHA-256 of an image's size and RGB pixels, as the server knows it.
 * @param {ImageBitmap} bitmap
 * @returns {Promise<string>}
 */
export function pixelSha256(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  const size = new TextEncoder().encode(`${width}x${height}:`);
  const bytes = new Uint8Array(size.length + width * height * 3);
  bytes.set(size);
  for (let from = 0, to = size.length; from < rgba.length; from += 4, to += 3) {
    bytes[to] = rgba[from];
    bytes[to + 1] = rgba[from + 1];
    bytes[to + 2] = rgba[from + 2];
  }
  return sha256(bytes);
}

/**
 * @param {string|Uint8Array} data
 * @returns {Promise<string>} hexadecimal
 */
async function sha256(data) {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
