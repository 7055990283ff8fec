import { setTimeout as sleep } from 'node:timers/promises';
import { QueuedError } from '@tribune/shared/ApiClient.ts';
import type { ChaosRoom } from './ChaosRoom.ts';
import { ProbeListener } from './ProbeListener.ts';

const STAY_MS = 3000;

/**
 * Lets so many people come to a room within that time: each has to be let in, or to be told to wait. They stay for a while, and go.
 * @throws {Error} when someone was refused, or nobody had to wait
 */
export async function comeInCrowd(origin: string, room: ChaosRoom, people: number, withinMs: number): Promise<void> {
  const outcomes = await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      await sleep((withinMs * index) / people);
      return comeIn(origin, room, `Visitor ${index + 1}`);
    }),
  );
  const errors = outcomes.filter((outcome) => typeof outcome === 'string');
  await sleep(STAY_MS);
  for (const outcome of outcomes) if (outcome instanceof ProbeListener) outcome.close();
  if (errors.length > 0) throw new Error(`${errors.length} of ${people} were refused: ${errors[0]}`);
  if (!outcomes.includes(null)) throw new Error('Nobody had to wait: the crowd was no crowd');
}

/** @returns null for someone who stands in the queue, else what went wrong */
async function comeIn(origin: string, room: ChaosRoom, name: string): Promise<ProbeListener | string | null> {
  try {
    const visitor = await ProbeListener.create(origin, room.hearing, name);
    // A listener would wait in the queue for as long as it takes.
    await visitor.askForPlace();
    await visitor.enter();
    return visitor;
  } catch (error) {
    if (error instanceof QueuedError) return null;
    return error instanceof Error ? error.message : String(error);
  }
}
