import type { WriteStream } from 'node:tty';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_REST_OF_LINE = '\u001b[K';

/** A block of lines at the bottom of a terminal that is written over in place. */
export class Terminal {
  readonly #out: WriteStream;
  #height = 0;
  readonly #restore = () => void this.#out.write(SHOW_CURSOR);

  constructor(out: WriteStream) {
    this.#out = out;
  }

  get columns(): number {
    return this.#out.columns || 80;
  }

  /** In one write, so that nothing flickers. No line may be wider than the terminal. */
  draw(lines: readonly string[]): void {
    // The cursor comes back however the process ends.
    if (this.#height === 0) process.once('exit', this.#restore);
    const home = this.#height > 0 ? `\u001b[${this.#height}A` : '';
    const text = lines.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('');
    this.#out.write(`${HIDE_CURSOR}${home}\r${text}${CLEAR_BELOW}`);
    this.#height = lines.length;
  }

  /** What was drawn last stays to be read, and the cursor comes back. */
  end(): void {
    if (this.#height === 0) return;
    this.#height = 0;
    process.off('exit', this.#restore);
    this.#out.write(`${SHOW_CURSOR}\n`);
  }
}
