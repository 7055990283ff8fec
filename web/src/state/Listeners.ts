/** A set of callbacks; one that throws does not keep the others from being called. */
export class Listeners<T extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: T) => void>();

  /** Returns a function that stops listening. */
  add(listener: (...args: T) => void): () => void {
    // Wrapped, so that one function added twice is called twice and removed once.
    const own = (...args: T) => listener(...args);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(...args: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...args);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
