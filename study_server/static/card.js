/** Measures the screen with a bank card: the drawn card is made as wide as the real one that lies on it. */

import { say } from "./words.js";

const WIDTH_MM = 85.6; // ISO/IEC 7810, ID-1
const HEIGHT_MM = 53.98;
const CORNER_MM = 3.18;

const card = document.getElementById("card");
const slider = document.getElementById("width");
const goOn = document.getElementById("go-on");

/** Draw the card as wide as the slider says, and keep what that means. */
function draw() {
  const width = Number(slider.value);
  card.style.width = `${width}px`;
  card.style.height = `${(width * HEIGHT_MM) / WIDTH_MM}px`;
  card.style.borderRadius = `${(width * CORNER_MM) / WIDTH_MM}px`;
  const width_px = width * devicePixelRatio;
  document.getElementById("found").value = JSON.stringify({ width_px, pixels_per_mm: width_px / WIDTH_MM });
  document.getElementById("said").textContent = say("{number} pixels of your screen in one millimetre", {
    number: (width_px / WIDTH_MM).toFixed(2),
  });
}

slider.max = String(Math.min(Number(slider.max), card.parentElement.clientWidth));
slider.addEventListener("input", () => {
  goOn.disabled = false;
  draw();
});
addEventListener("resize", draw); // the zoom may have changed what a pixel is
draw();
