import type { Redis } from 'ioredis';
import type { NodeInfo, NodeRegistry } from '../cluster/NodeRegistry.ts';
import { defineNodeScript, NODE_LIFE_MS } from '../cluster/nodeScripts.ts';
import { AppError } from '../errors.ts';

/** From the ticket to the handshake: a place that is not taken by then comes back. */
const RESERVATION_MS = 10_000;
/** Somebody in the queue who has not asked for so long has gone. */
const PLACE_LIFE_MS = 15_000;
/** From the word that they have to go to their next ticket. */
const MOVE_MS = 60_000;
const RETRY_MIN_S = 2;
const RETRY_MAX_S = 8;
/** One more second between two questions for so many who are ahead. */
const AHEAD_PER_RETRY_SECOND = 100;

/** What becomes of a listener who wants in. */
export type Verdict =
  | {
      readonly kind: 'node';
      readonly node: NodeInfo;
      /** Counts towards the pace at which the node takes people in; someone who was in already, and has to move, does not. */
      readonly isPaced: boolean;
    }
  | {
      readonly kind: 'wait';
      /** 1 is next. */
      readonly place: number;
      /** Null while nobody has come in from the queue, so that nothing can be said. */
      readonly estimateS: number | null;
      readonly retryAfterS: number;
    };

interface AdmissionOptions {
  readonly redis: Redis;
  readonly registry: NodeRegistry;
  /** What one network address gets while others may come, 0 to 1. */
  readonly perAddressShare: number;
  /** A clock for tests; without one, Redis' own. */
  readonly nowMs?: () => number;
}

/** Who asks for a place. */
interface Applicant {
  readonly person: string;
  /** A key of the network address that they come from. */
  readonly address: string;
  /** URL of a node that did not answer them: it may be dead, and not be missed yet. */
  readonly avoid?: string | undefined;
}

/** Who is let in: finds a node for each listener and keeps a place there, or in a queue in the order of coming where all are full. */
export class Admission {
  readonly #registry: NodeRegistry;
  readonly #run: ReturnType<typeof defineNodeScript>;
  readonly #share: number;

  constructor({ redis, registry, perAddressShare, nowMs }: AdmissionOptions) {
    this.#registry = registry;
    this.#share = perAddressShare;
    this.#run = defineNodeScript(redis, 'clusterAdmission', new URL('admission.lua', import.meta.url), nowMs);
  }

  /**
   * Finds a node for a listener and keeps a place there, or in the queue.
   * @throws {AppError} UNAVAILABLE, or RATE_LIMITED when there is room and too many come within this second
   */
  async admit({ person, address, avoid = '' }: Applicant): Promise<Verdict> {
    const draws = [Math.random(), Math.random()];
    const [verdict, ...rest] = await this.#run(
      'admit',
      ...[person, NODE_LIFE_MS, RESERVATION_MS, PLACE_LIFE_MS, ...draws, avoid, this.#registry.secretFingerprint],
      ...[address, this.#share],
    );
    if (verdict === 'busy') throw new AppError('RATE_LIMITED', 'Many people are coming in: come back in a moment');
    if (verdict === 'wait') return toWait(Number(rest[0]), Number(rest[1]));
    const node = await this.#registry.findOrLook(String(rest[0]));
    return { kind: 'node', node, isPaced: rest[1] === 'paced' };
  }

  /** A node that cannot be part of the cluster takes nobody in, and opens no rooms. @throws {AppError} UNAVAILABLE */
  assertMayTakePeople(): void {
    if (this.#registry.mustKeepAway) throw new AppError('UNAVAILABLE', 'This node is not part of the cluster');
  }

  /** They have to leave this node, and get a place elsewhere though all be full. Harmless while Redis is away. */
  async keepPlaces(people: readonly string[]): Promise<void> {
    if (people.length > 0) await this.#run('move', JSON.stringify(people), MOVE_MS).catch(() => undefined);
  }
}

/** @param letIn from the queue within the last minute */
function toWait(place: number, letIn: number): Verdict {
  return {
    kind: 'wait',
    place,
    estimateS: letIn > 0 ? Math.ceil((place * 60) / letIn) : null,
    retryAfterS: Math.min(RETRY_MIN_S + Math.floor(place / AHEAD_PER_RETRY_SECOND), RETRY_MAX_S),
  };
}
