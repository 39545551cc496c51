/** Draws images so that one image pixel is one device pixel, or a whole number of them; plain grey in between. */

/** @typedef {Object<string, ImageBitmap>} Images  by place: left, reference, right */
/** @typedef {"side-by-side"|"reference-above"|"flip"} Layout */

const WANTED_CSS_PX = 256; // a smaller image is drawn with two, three ... device pixels for each of its own
const GAP_CSS_PX = 32;
const MARGIN_CSS_PX = 48;
const ROOM_CSS_PX = { "side-by-side": 340, "reference-above": 410, flip: 340 }; // bar, buttons and question
const COLUMNS = { "side-by-side": 3, "reference-above": 2, flip: 1 };
const ROWS = { "side-by-side": 1, "reference-above": 2, flip: 1 };

/**
 * Count the device pixels for each image pixel that a window has room for; 0: the images do not fit.
 * @param {{width: number, height: number}} image
 * @param {number} count  images in a trial
 * @param {Layout} layout
 * @returns {number} a whole number
 */
export function scaleFor(image, count, layout) {
  const columns = Math.min(COLUMNS[layout], count);
  const rows = count === 3 ? ROWS[layout] : 1;
  const roomX = (innerWidth - MARGIN_CSS_PX - (columns - 1) * GAP_CSS_PX) / columns;
  const roomY = (innerHeight - ROOM_CSS_PX[layout]) / rows;
  const fitting = Math.floor(Math.min(roomX / image.width, roomY / image.height) * devicePixelRatio);
  const wanted = Math.floor((WANTED_CSS_PX * devicePixelRatio) / Math.max(image.width, image.height));
  return Math.max(0, Math.min(Math.max(1, wanted), fitting));
}

export class Viewer {
  /**
   * @param {HTMLElement} element  has a canvas for each place, whose id is the place
   * @param {Layout} layout
   */
  constructor(element, layout) {
    this.element = element;
    this.layout = layout;
    /** @type {Object<string, HTMLCanvasElement>} */
    this.canvases = Object.fromEntries([...element.querySelectorAll("canvas")].map((canvas) => [canvas.id, canvas]));
    /** @type {Images|null} */
    this.images = null;
    this.scale = 0;
    this.observer = new ResizeObserver((entries) => entries.forEach((entry) => this.#sized(entry)));
    for (const canvas of Object.values(this.canvases)) observe(this.observer, canvas);
  }

  /** Whether the images of the last trial have room in the window as it is now. */
  get fits() {
    return this.scale >= 1;
  }

  /** Show plain grey; nothing moves. */
  clear() {
    this.images = null;
    for (const canvas of Object.values(this.canvases)) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    delete this.element.dataset.trial;
  }

  /**
   * Draw images; they are on the screen after the next frame.
   * @param {Images} images  of equal size
   * @param {number} trial  its index, for whoever looks at the page from outside
   */
  show(images, trial) {
    this.images = images;
    for (const [place, canvas] of Object.entries(this.canvases)) canvas.closest("figure").hidden = images[place] === undefined;
    this.fit(images.left, Object.keys(images).length);
    for (const place of Object.keys(images)) this.#draw(place);
    this.element.dataset.trial = String(trial);
  }

  /**
   * Give every canvas the same size, and put it on the device's own pixels.
   * @param {{width: number, height: number}} image
   * @param {number} count
   */
  fit(image, count) {
    const ratio = devicePixelRatio;
    this.scale = scaleFor(image, count, this.layout);
    const scale = Math.max(1, this.scale);
    this.element.style.setProperty("--image-width", `${(image.width * scale) / ratio}px`);
    this.element.style.setProperty("--image-height", `${(image.height * scale) / ratio}px`);
    this.element.style.setProperty("--image-gap", `${Math.round(GAP_CSS_PX * ratio) / ratio}px`);
    for (const canvas of Object.values(this.canvases)) {
      setSize(canvas, image.width * scale, image.height * scale);
      align(canvas, ratio);
    }
  }

  /** @param {ResizeObserverEntry} entry */
  #sized(entry) {
    const box = entry.devicePixelContentBoxSize?.[0];
    if (box === undefined) return; // this browser does not tell; the size that was asked for stands
    setSize(entry.target, box.inlineSize, box.blockSize);
    this.#draw(entry.target.id);
  }

  /** @param {string} place */
  #draw(place) {
    const image = this.images?.[place];
    if (image === undefined) return;
    const scale = Math.max(1, this.scale);
    const context = this.canvases[place].getContext("2d", { colorSpace: "srgb" });
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, image.width * scale, image.height * scale);
  }
}

/**
 * @param {ResizeObserver} observer
 * @param {HTMLCanvasElement} canvas
 */
function observe(observer, canvas) {
  try {
    observer.observe(canvas, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(canvas);
  }
}

/**
 * Size a canvas in device pixels; setting a size clears it, so an equal one is not set again.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
function setSize(canvas, width, height) {
  if (width === 0 || height === 0) return; // hidden
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/**
 * Move a canvas by less than a pixel, onto the device's own pixels.
 * @param {HTMLCanvasElement} canvas
 * @param {number} ratio
 */
function align(canvas, ratio) {
  canvas.style.setProperty("left", "0");
  canvas.style.setProperty("top", "0");
  const box = canvas.getBoundingClientRect();
  canvas.style.setProperty("left", `${Math.round(box.x * ratio) / ratio - box.x}px`);
  canvas.style.setProperty("top", `${Math.round(box.y * ratio) / ratio - box.y}px`);
}
