/** Measures the screen with a bank card: the drawn card is made as wide as the real one that lies on it. */

import { say } from "./words.js";

const LONG_MM = 85.6; // ISO/IEC 7810, ID-1
const SHORT_MM = 53.98;
const CORNER_MM = 3.18;
const NARROW_PX = 480; // a phone is narrower than a card is long: there the card stands upright

const card = document.getElementById("card");
const slider = document.getElementById("width");
const goOn = document.getElementById("go-on");
const isUpright = innerWidth <= NARROW_PX;
const [widthMm, heightMm] = isUpright ? [SHORT_MM, LONG_MM] : [LONG_MM, SHORT_MM];

/** Draw the card as wide as the slider says, and keep what that means. */
function draw() {
  const width = Number(slider.value);
  card.style.width = `${width}px`;
  card.style.height = `${(width * heightMm) / widthMm}px`;
  card.style.borderRadius = `${(width * CORNER_MM) / widthMm}px`;
  const width_px = width * devicePixelRatio;
  document.getElementById("found").value = JSON.stringify({ width_px, pixels_per_mm: width_px / widthMm });
  document.getElementById("said").textContent = say("{number} pixels of your screen in one millimetre", {
    number: (width_px / widthMm).toFixed(2),
  });
}

slider.max = String(card.parentElement.clientWidth);
slider.value = String(Number(slider.max) * 0.56);
slider.addEventListener("input", () => {
  goOn.disabled = false;
  draw();
});
addEventListener("resize", draw); // the zoom may have changed what a pixel is
draw();
