/** The server's states may come after the answer that they precede; for so long the answer counts. */
const SETTLE_MS = 1500;

interface MuteOptions {
  /** Asks the server; resolves when it has decided so. */
  readonly request: (muted: boolean) => Promise<unknown>;
  /** `audible`: may the track be enabled? Only when the person wants it and the server has agreed. */
  readonly onChange: (muted: boolean, audible: boolean) => void;
}

/**
 * Muted, as the person wants it, against what the server decided; one request at a time between the two. Muting takes effect
 * here at once; unmuting when the server has agreed; and the server's word wins over an unmute, never over a mute.
 */
export class MuteControl {
  readonly #request: MuteOptions['request'];
  readonly #onChange: MuteOptions['onChange'];
  #wanted = true;
  /** What the server decided last, as far as is known here. */
  #confirmed = true;
  /** What the room's state has said since then; null: nothing yet. */
  #told: boolean | null = null;
  #running: Promise<void> | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor({ request, onChange }: MuteOptions) {
    this.#request = request;
    this.#onChange = onChange;
  }

  get muted(): boolean {
    return this.#wanted;
  }

  get audible(): boolean {
    return !this.#wanted && !this.#confirmed;
  }

  /** Rejects when an unmute was refused; a mute always holds here, and reaches the server when it can. */
  async set(muted: boolean): Promise<void> {
    this.#wanted = muted;
    this.#changed();
    await this.#reconcile();
  }

  /** Says again that this person is to be heard, to a server that may have forgotten it with the producer. */
  async reassert(): Promise<void> {
    if (this.#wanted) return;
    this.#confirmed = true;
    this.#changed();
    await this.#reconcile();
  }

  /** A moderator muted this person: known for certain, unlike what a late state says. */
  force(): void {
    this.#wanted = true;
    this.#confirmed = true;
    this.#told = null;
    this.#changed();
  }

  /** What the room's state says of this person. */
  handleState(muted: boolean): void {
    this.#told = muted;
    if (this.#running === null && this.#settling === undefined) this.#adopt();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#settling);
  }

  #reconcile(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#wanted !== this.#confirmed) {
      const muted = this.#wanted;
      try {
        await this.#request(muted);
      } catch (error) {
        if (muted) return;
        this.#wanted = true;
        this.#changed();
        throw error;
      }
      this.#confirmed = muted;
      this.#told = null;
      this.#settle();
      this.#changed();
    }
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      if (this.#running === null) this.#adopt();
    }, SETTLE_MS);
  }

  #adopt(): void {
    if (this.#closed || this.#told === null) return;
    this.#confirmed = this.#told;
    if (this.#told && !this.#wanted) this.force();
    else this.#reconcile().catch(() => {});
  }

  #changed(): void {
    if (!this.#closed) this.#onChange(this.#wanted, this.audible);
  }
}
