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
/** Short of `PLACE_LIFE_MS`: somebody who has a place in the queue keeps it, as each refusal counts as having asked. */
const BUSY_RETRY_MAX_S = 10;
/** More addresses than can be busy in earnest. */
const MAX_BUSY_ADDRESSES = 10_000;
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
  /** How many people may arrive from one within a minute. */
  readonly peoplePerAddress: number;
  /** A clock for tests; without one, Redis' own. */
  readonly nowMs?: () => number;
}

interface BusyAddress {
  /** People who may come from it in a second. */
  readonly perSecond: number;
  readonly untilMs: number;
  refused: number;
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
  readonly #nowMs: () => number;
  readonly #limits: readonly [share: number, peoplePerMinute: number];
  /** Addresses that have had what they may have of this second. */
  readonly #busy = new Map<string, BusyAddress>();

  constructor({ redis, registry, perAddressShare, peoplePerAddress, nowMs }: AdmissionOptions) {
    this.#registry = registry;
    this.#limits = [perAddressShare, peoplePerAddress];
    this.#nowMs = nowMs ?? (() => performance.now());
    this.#run = defineNodeScript(redis, 'clusterAdmission', new URL('admission.lua', import.meta.url), nowMs);
  }

  /**
   * Finds a node for a listener and keeps a place there, or in the queue.
   * @throws {AppError} UNAVAILABLE, or RATE_LIMITED when there is room and too many come within this second
   */
  async admit(applicant: Applicant): Promise<Verdict> {
    const { person, address, avoid = '' } = applicant;
    const draws = [Math.random(), Math.random()];
    const [verdict, ...rest] = await this.#run(
      'admit',
      ...[person, NODE_LIFE_MS, RESERVATION_MS, PLACE_LIFE_MS, ...draws, avoid, this.#registry.secretFingerprint],
      ...[address, ...this.#limits],
    );
    if (verdict === 'busy' && rest.length > 0) {
      // Of many who asked at once, the first to be refused has been noted already.
      this.assertNotBusy(applicant);
      if (this.#busy.size >= MAX_BUSY_ADDRESSES) this.#busy.clear();
      const untilMs = this.#nowMs() + Number(rest[1]);
      this.#busy.set(address, { perSecond: Math.max(Number(rest[0]), 1), untilMs, refused: 0 });
      this.assertNotBusy(applicant);
    }
    if (verdict === 'busy') throw new AppError('RATE_LIMITED', 'Many people are coming in: come back in a moment');
    if (verdict === 'wait') return toWait(Number(rest[0]), Number(rest[1]));
    const node = await this.#registry.findOrLook(String(rest[0]));
    return { kind: 'node', node, isPaced: rest[1] === 'paced' };
  }

  /**
   * Refuses more people of an address of which as many have come in as may within this second, at next to no cost. Each of them is told
   * another time to come back, at the pace at which they can be let in, and keeps their place in the queue where they have one.
   * @throws {AppError} RATE_LIMITED
   */
  assertNotBusy({ person, address }: Applicant): void {
    const busy = this.#busy.get(address);
    if (!busy) return;
    if (this.#nowMs() >= busy.untilMs) return void this.#busy.delete(address);
    busy.refused += 1;
    // No more in a second than there may be people: whoever only makes noise costs Redis nothing.
    if (busy.refused <= this.#limits[1]) void this.#run('keep', person).catch(() => undefined);
    const retryAfterS = Math.min(1 + Math.floor(busy.refused / busy.perSecond), BUSY_RETRY_MAX_S);
    throw new AppError('RATE_LIMITED', 'Many people are coming in from this address', { retryAfterS });
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
