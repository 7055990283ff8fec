import { nanoid } from 'nanoid';
import { recordingPrefix } from '../archive/Archive.ts';
import { segmentName } from './segment.ts';

const NAME = /(?:^|\/)(\d{10})(?:\.(\d+)\.[\w-]+)?\.m4s$/;

/**
 * Which segment an object is. Each process that stores segments has keys of its own, so that none ever writes over what another has
 * stored: two nodes that both take themselves for the home, or a process that was started again in the middle of a segment.
 */
export interface StoredSegment {
  readonly index: number;
  /** Of the home lease under which it was stored. Where two have sound for the same moment, the higher counts. */
  readonly epoch: number;
}

/** What tells the objects of this process from those of all others. */
export function createWriterName(): string {
  return nanoid(8);
}

export function segmentKey(recordingId: string, { index, epoch }: StoredSegment, writer: string): string {
  return `${recordingPrefix(recordingId)}${segmentName(index).replace('.m4s', `.${epoch}.${writer}.m4s`)}`;
}

/** @returns null where this is not the key of a segment */
export function readSegmentKey(key: string): StoredSegment | null {
  const [, index, epoch = 0] = NAME.exec(key) ?? [];
  return index === undefined ? null : { index: Number(index), epoch: Number(epoch) };
}
