/** A TCP port of this machine that nobody had a moment ago. */
export function freePort(): Promise<number>;
