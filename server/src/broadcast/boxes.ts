/** Boxes of the ISO base media file format (ISO/IEC 14496-12), as bytes. Numbers are big-endian. */

export const u8 = (value: number) => Uint8Array.of(value);

export function u16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

export function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export const text = (value: string) => Buffer.from(value, 'latin1');

export const zeros = (bytes: number) => Buffer.alloc(bytes);

export function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const bytes = content.reduce((sum, { length }) => sum + length, 8);
  return Buffer.concat([u32(bytes), text(type), ...content], bytes);
}

export function fullBox(type: string, version: number, flags: number, ...content: readonly Uint8Array[]): Buffer {
  return box(type, u32(version * 0x100_0000 + flags), ...content);
}

export interface ParsedBox {
  readonly type: string;
  /** What follows size and type. */
  readonly content: Buffer;
  /** Where the content begins in what was parsed. */
  readonly at: number;
}

/** The boxes that lie one after the other in these bytes. Stops before one that is cut short. */
export function readBoxes(bytes: Buffer): ParsedBox[] {
  const boxes: ParsedBox[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) break;
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      content: bytes.subarray(at + 8, at + size),
      at: at + 8,
    });
    at += size;
  }
  return boxes;
}

/** The first box of that type, which may lie in others: `moof/traf/trun`. */
export function findBox(bytes: Buffer, path: string): ParsedBox | null {
  const [type, ...rest] = path.split('/');
  const found = readBoxes(bytes).find((candidate) => candidate.type === type);
  if (!found || rest.length === 0) return found ?? null;
  const inner = findBox(found.content, rest.join('/'));
  return inner && { ...inner, at: found.at + inner.at };
}
