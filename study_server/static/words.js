/** The words that programs say, in the language of the page; the page brings them, by their English ones. */

/** @type {Object<string, string>} */
const known = JSON.parse(document.getElementById("words").textContent);

/**
 * Say something in the language of the page.
 * @param {string} message  in English, with names in braces for what is filled in
 * @param {Object<string, string|number>} values  by name
 * @returns {string}
 */
export function say(message, values = {}) {
  return (known[message] ?? message).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
