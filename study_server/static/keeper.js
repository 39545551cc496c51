/** Where answers wait on this device: IndexedDB, or memory alone where the browser has none. */

const NAME = "budgetfusion";
const STORE = "answers";

/** @typedef {import("./outbox.js").Answer} Answer */

export class Keeper {
  /** @param {string} visit  nobody's answers are sent in another visit */
  constructor(visit) {
    this.visit = visit;
    /** @type {Promise<IDBDatabase|null>} */
    this.database = open();
  }

  /** @returns {Promise<Answer[]>} what waits, in the order of the trials */
  async all() {
    const rows = (await this.#ask("readonly", (store) => store.getAll())) ?? [];
    const own = rows.filter((row) => row.visit === this.visit).map((row) => row.answer);
    return own.sort((a, b) => a.trial - b.trial);
  }

  /** @param {Answer} answer */
  async put(answer) {
    await this.#ask("readwrite", (store) => store.put({ uuid: answer.uuid, visit: this.visit, answer }));
  }

  /** @param {string} uuid */
  async remove(uuid) {
    await this.#ask("readwrite", (store) => store.delete(uuid));
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} act
   * @returns {Promise<any>} undefined where there is no database, or it has no room
   */
  async #ask(mode, act) {
    const database = await this.database;
    if (database === null) return undefined;
    return new Promise((resolve) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => resolve(undefined);
    });
  }
}

/** @returns {Promise<IDBDatabase|null>} */
function open() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "uuid" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
