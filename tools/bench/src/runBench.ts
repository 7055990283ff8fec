import { measureDoor, type DoorResult, type DoorSize } from './door.ts';
import { measureBroadcast, type BroadcastResult, type BroadcastSize } from './broadcast.ts';
import { measureFloor, type FloorResult, type FloorSize } from './floor.ts';
import { measureJoins, type JoinsResult, type JoinsSize } from './joins.ts';
import type { Section } from './options.ts';
import { measureRooms, type RoomsResult, type RoomsSize } from './rooms.ts';
import { measureSfu, type SfuResult, type SfuSize } from './sfu.ts';
import { measureSignalling, type SignallingResult, type SignallingSize } from './signalling.ts';

export interface BenchSize {
  readonly floor: FloorSize;
  readonly sfu: SfuSize;
  readonly rooms: RoomsSize;
  readonly joins: JoinsSize;
  readonly signalling: SignallingSize;
  readonly door: DoorSize;
  readonly broadcast: BroadcastSize;
}

/** Null where a section was not asked for, or could not be measured. */
export interface BenchResult {
  readonly floor: FloorResult | null;
  readonly sfu: SfuResult | null;
  readonly rooms: RoomsResult | null;
  readonly joins: JoinsResult | null;
  readonly signalling: readonly SignallingResult[] | null;
  readonly door: DoorResult | null;
  readonly broadcast: BroadcastResult | null;
}

export interface BenchHooks {
  readonly onSection?: (section: Section) => void;
  /** The others go on without it. */
  readonly onFault?: (section: Section, error: unknown) => void;
}

/** Measures one section after the other, alone. Whatever it starts has ended when it returns or throws. */
export async function runBench(
  size: BenchSize,
  sections: readonly Section[],
  signal: AbortSignal,
  { onSection, onFault }: BenchHooks = {},
): Promise<BenchResult> {
  const attempt = async <T>(section: Section, measure: () => Promise<T>): Promise<T | null> => {
    if (!sections.includes(section)) return null;
    signal.throwIfAborted();
    onSection?.(section);
    try {
      return await measure();
    } catch (error) {
      signal.throwIfAborted();
      onFault?.(section, error);
      return null;
    }
  };
  return {
    floor: await attempt('floor', async () => measureFloor(size.floor, signal)),
    sfu: await attempt('sfu', async () => measureSfu(size.sfu, signal)),
    rooms: await attempt('rooms', async () => measureRooms(size.rooms, signal)),
    joins: await attempt('joins', async () => measureJoins(size.joins, signal)),
    signalling: await attempt('signalling', async () => measureSignalling(size.signalling, signal)),
    door: await attempt('door', async () => measureDoor(size.door, signal)),
    broadcast: await attempt('broadcast', async () => measureBroadcast(size.broadcast, signal)),
  };
}
