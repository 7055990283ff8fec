/** Media that has not connected so long after the welcome does not get through to this node. */
const CONNECT_WITHIN_MS = 5000;
/** Where no other node is left to go to, that much longer before the person is told. */
const TELL_AFTER_MS = 7000;

interface DeadlineOptions {
  readonly isConnecting: () => boolean;
  /** Goes to another node; false when there is none. */
  readonly leaveNode: () => boolean;
  /** No node can be heard from here. */
  readonly onUnreachable: () => void;
}

/** Leaves a node that answers requests and passes no media, and tells when that is true of every node. */
export class MediaDeadline {
  readonly #options: DeadlineOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeadlineOptions) {
    this.#options = options;
  }

  /** With each welcome that offers media. */
  start(): void {
    const { isConnecting, leaveNode, onUnreachable } = this.#options;
    this.stop();
    this.#timer = setTimeout(() => {
      if (!isConnecting() || leaveNode()) return;
      this.#timer = setTimeout(() => {
        if (isConnecting()) onUnreachable();
      }, TELL_AFTER_MS);
    }, CONNECT_WITHIN_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
