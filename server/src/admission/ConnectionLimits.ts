import { RateLimiterMemory } from 'rate-limiter-flexible';
import { mayHoldOneMore } from '../AddressShare.ts';
import type { Config } from '../config.ts';

const MINUTE_S = 60;
/** Of each person: the one in use, and one whose loss has not been noticed yet. */
const CONNECTIONS_PER_PERSON = 2;
/** Connections that show no ticket are a mistake, or worse: one for so many people, and a few in any case. */
const PEOPLE_PER_STRANGER = 10;
const MIN_STRANGERS = 20;
/** On a node, in any case. */
const MIN_PLACES_PER_ADDRESS = 10;

export type ConnectionLimitsConfig = Pick<Config, 'NODE_CAPACITY' | 'PEOPLE_PER_ADDRESS' | 'PER_ADDRESS_SHARE'>;

/** Something that closes once. */
export interface Connection {
  once(event: 'close', listener: () => void): unknown;
}

/**
 * What one network address may have of the connections to this node: so many at once, so many in a minute that show no ticket, and a
 * share of the places for listeners. Connections are to one node, so that each node counts its own.
 */
export class ConnectionLimits {
  readonly #config: ConnectionLimitsConfig;
  readonly #open = new Map<string, number>();
  readonly #addressOf = new WeakMap<object, string>();
  readonly #recognised = new WeakSet<object>();
  readonly #strangers: RateLimiterMemory;
  readonly #maxStrangers: number;

  constructor(config: ConnectionLimitsConfig) {
    this.#config = config;
    this.#maxStrangers = Math.max(Math.ceil(config.PEOPLE_PER_ADDRESS / PEOPLE_PER_STRANGER), MIN_STRANGERS);
    this.#strangers = new RateLimiterMemory({ points: this.#maxStrangers, duration: MINUTE_S });
  }

  /** May another connection come from this address? */
  async mayOpen(address: string): Promise<boolean> {
    const { PEOPLE_PER_ADDRESS: people } = this.#config;
    if (this.#countOf(address) >= people * CONNECTIONS_PER_PERSON) return false;
    const strangers = await this.#strangers.get(address);
    return strangers === null || strangers.consumedPoints < this.#maxStrangers;
  }

  /** Counts a connection until it closes. */
  open(connection: Connection, address: string): void {
    this.#addressOf.set(connection, address);
    this.#open.set(address, this.#countOf(address) + 1);
    connection.once('close', () => {
      const left = this.#countOf(address) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
      if (!this.#recognised.has(connection)) void this.#strangers.penalty(address);
    });
  }

  /** A ticket of this cluster was shown on it. */
  recognise(connection: object): void {
    this.#recognised.add(connection);
  }

  /** A key of the network that a connection came from. */
  addressOf(connection: object): string {
    return this.#addressOf.get(connection) ?? 'unknown';
  }

  /**
   * May one more listener from this address have a place on this node?
   * @param taken places, by people from everywhere
   */
  hasPlaceFor(address: string, taken: number): boolean {
    const { NODE_CAPACITY: capacity, PER_ADDRESS_SHARE: share } = this.#config;
    // The connection that asks is counted already. Whoever got a place just now may not have been counted in `taken`.
    const held = this.#countOf(address) - 1;
    return mayHoldOneMore({ capacity, share, atLeast: MIN_PLACES_PER_ADDRESS }, held, Math.max(capacity - taken, 1));
  }

  #countOf(address: string): number {
    return this.#open.get(address) ?? 0;
  }
}
