/** A page between trials: a break, or the end of practice. Goes on with a click or the space bar. */

export class Interlude {
  /**
   * @param {HTMLElement} element
   * @param {HTMLElement[]} hidden  what is not shown meanwhile
   */
  constructor(element, hidden) {
    this.element = element;
    this.hidden = hidden;
  }

  /**
   * @param {string} title
   * @param {string} text
   * @returns {Promise<void>} resolves when the participant goes on
   */
  async show(title, text) {
    const go = this.element.querySelector("button");
    this.element.querySelector("h2").textContent = title;
    this.element.querySelector("p").textContent = text;
    this.#swap(true);
    go.focus();
    await new Promise((resolve) => go.addEventListener("click", resolve, { once: true }));
    go.blur();
    this.#swap(false);
  }

  /** @param {boolean} isOpen */
  #swap(isOpen) {
    this.element.hidden = !isOpen;
    for (const other of this.hidden) other.hidden = isOpen;
  }
}
