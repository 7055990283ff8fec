import { ApiError } from '@tribune/shared/ApiClient.ts';
import { SignalingError } from '@tribune/shared/SignalingClient.ts';
import { MediaError } from '../media/MediaConnection.ts';

/** Steps of a join, in order. What fails within ICE or DTLS names its layer itself. */
export type JoinStep = 'session' | 'ticket' | 'socket' | 'media' | 'stage';

/** Why one simulated person failed, in a word that can be counted: `ticket:ROOM_FULL`, `ice:timeout`, `no-audio`. */
export class Failure extends Error {
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'Failure';
    this.reason = reason;
  }

  /** Finds the word for what was thrown during `step`. */
  static from(step: JoinStep, error: unknown): Failure {
    if (error instanceof Failure) return error;
    if (error instanceof MediaError) return new Failure(error.failure, { cause: error });
    if (error instanceof ApiError || error instanceof SignalingError) {
      return new Failure(`${step}:${error.code}`, { cause: error });
    }
    return new Failure(`${step}:${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Runs one step; what it throws becomes a `Failure` of that step. */
export async function during<T>(step: JoinStep, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw Failure.from(step, error);
  }
}

/** Fails with `reason` when `promise` takes longer. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, reason: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Failure(reason)), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
