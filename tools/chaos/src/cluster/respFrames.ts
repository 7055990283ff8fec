/** Where the messages of the Redis protocol (RESP 2 and 3) begin and end, so that a proxy can act on one of them. */

const CR = 0x0d;
const LINE_END_BYTES = 2;
const AGGREGATES = new Map([
  ['*', 1],
  ['~', 1],
  ['>', 1],
  ['%', 2],
]);
const STRINGS = '$!=';
/** `message`, `pmessage` or `smessage`, as the first of three or four elements. */
const PUBLISHED = /^[*>][34]\r\n\$[78]\r\n[ps]?message\r\n/;
const LONGEST_PREFIX = 24;

/** One message that is complete, and whether it is something that another client has published. */
export interface RespFrame {
  readonly bytes: Buffer;
  readonly isPublished: boolean;
}

/** Cuts a stream of bytes from a Redis server into its messages. */
export class RespFrames {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the messages that are complete now */
  push(data: Buffer): RespFrame[] {
    const buffer = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const frames: RespFrame[] = [];
    let start = 0;
    for (let end = endOf(buffer, start); end !== null; end = endOf(buffer, start)) {
      const bytes = buffer.subarray(start, end);
      frames.push({ bytes, isPublished: PUBLISHED.test(bytes.toString('latin1', 0, LONGEST_PREFIX)) });
      start = end;
    }
    this.#rest = buffer.subarray(start);
    return frames;
  }
}

/** @returns the index after the message that begins at `start`; null while a part of it is missing */
function endOf(buffer: Buffer, start: number): number | null {
  const lineEnd = buffer.indexOf(CR, start);
  if (lineEnd < 0 || lineEnd + 1 >= buffer.length) return null;
  const type = String.fromCharCode(buffer[start]!);
  const after = lineEnd + LINE_END_BYTES;
  const length = Number(buffer.toString('latin1', start + 1, lineEnd));
  if (STRINGS.includes(type)) {
    // A length of -1 is null in RESP 2, and nothing follows.
    const end = length < 0 ? after : after + length + LINE_END_BYTES;
    return end <= buffer.length ? end : null;
  }
  const perElement = AGGREGATES.get(type);
  if (perElement === undefined) return after;
  let end: number | null = after;
  for (let left = length * perElement; left > 0 && end !== null; left--) end = endOf(buffer, end);
  return end;
}
