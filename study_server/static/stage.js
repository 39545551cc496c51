/** Where the images stand: equal sizes, whole device pixels, grey between trials. */

const WANTED_DEVICE_PX = 256;
const GAP_CSS_PX = 32;
const MARGIN_CSS_PX = 48;
const ROOM_BELOW_CSS_PX = 300; // bar, buttons and question

export class Stage {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.frames = Object.fromEntries([...element.querySelectorAll(".frame")].map((frame) => [frame.id, frame]));
    addEventListener("resize", () => this.fit());
  }

  /** Show plain grey. */
  clear() {
    for (const frame of Object.values(this.frames)) frame.replaceChildren();
  }

  /** @param {import("./preload.js").Images} images */
  place(images) {
    for (const [place, frame] of Object.entries(this.frames)) {
      frame.parentElement.hidden = images[place] === undefined;
      if (images[place] !== undefined) frame.replaceChildren(images[place]);
    }
    this.natural = { width: images.left.naturalWidth, height: images.left.naturalHeight };
    this.count = Object.keys(images).length;
    this.fit();
  }

  /** Give every frame the same size: a whole number of device pixels for each image pixel. */
  fit() {
    if (this.natural === undefined) return;
    const { width, height } = this.natural;
    const ratio = devicePixelRatio;
    const roomX = ((innerWidth - MARGIN_CSS_PX - (this.count - 1) * GAP_CSS_PX) / this.count) * ratio;
    const roomY = (innerHeight - ROOM_BELOW_CSS_PX) * ratio;
    const wanted = Math.max(1, Math.floor(WANTED_DEVICE_PX / Math.max(width, height)));
    const fitting = Math.floor(Math.min(roomX / width, roomY / height));
    const scale = Math.max(1, Math.min(wanted, fitting));
    this.#set("--image-width", (width * scale) / ratio);
    this.#set("--image-height", (height * scale) / ratio);
    this.#set("--image-gap", Math.round(GAP_CSS_PX * ratio) / ratio);
    this.#align(ratio);
    this.fits = fitting >= 1;
  }

  /**
   * Move the images by less than a pixel, onto the device's own pixels.
   * @param {number} ratio
   */
  #align(ratio) {
    this.#set("--nudge-x", 0);
    this.#set("--nudge-y", 0);
    const box = this.frames.left.getBoundingClientRect();
    this.#set("--nudge-x", Math.round(box.x * ratio) / ratio - box.x);
    this.#set("--nudge-y", Math.round(box.y * ratio) / ratio - box.y);
  }

  /**
   * @param {string} property
   * @param {number} px
   */
  #set(property, px) {
    this.element.style.setProperty(property, `${px}px`);
  }
}
