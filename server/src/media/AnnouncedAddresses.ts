import { lookup as lookUp } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { IceCandidate } from 'mediasoup/types';
import type { Logger } from '../logger.ts';
import { ConfigError } from '../configFaults.ts';

const REFRESH_MS = 60_000;
/** Below this a candidate of another address comes: a browser that has several prefers the one that stands first. */
const PRIORITY_STEP = 256;

type Lookup = (name: string) => Promise<readonly { readonly address: string }[]>;

interface AnnouncedAddressesOptions {
  /** Addresses, and names that are looked up. */
  readonly announced: readonly string[];
  /** To which ports are bound. */
  readonly listen: readonly string[];
  readonly logger: Logger;
  readonly lookup?: Lookup;
}

/**
 * Where people reach the media ports. A name is looked up at the start and now and then: browsers take addresses only (RFC 8839),
 * and at home or behind some clouds the address changes.
 */
export class AnnouncedAddresses {
  readonly #options: Required<AnnouncedAddressesOptions>;
  #addresses: readonly string[] = [];
  #timer: NodeJS.Timeout | null = null;

  private constructor(options: AnnouncedAddressesOptions) {
    this.#options = { lookup: async (name) => lookUp(name, { all: true }), ...options };
  }

  /** @throws {ConfigError} when a name leads nowhere */
  static async create(options: AnnouncedAddressesOptions): Promise<AnnouncedAddresses> {
    const it = new AnnouncedAddresses(options);
    try {
      it.#addresses = await it.#resolve();
    } catch {
      throw new ConfigError([
        [
          'MEDIA_ANNOUNCED_ADDRESS',
          'has a name that leads to no address, or to none of a kind at which MEDIA_LISTEN_ADDRESS listens',
        ],
      ]);
    }
    if (options.announced.some((address) => isIP(address) === 0)) {
      it.#timer = setInterval(() => void it.refresh(), REFRESH_MS);
      it.#timer.unref();
    }
    return it;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Looks the names up again. What was known stays where that fails. */
  async refresh(): Promise<void> {
    const { logger } = this.#options;
    try {
      const addresses = await this.#resolve();
      if (addresses.join() === this.#addresses.join()) return;
      logger.warn(
        { before: this.#addresses, after: addresses },
        'MEDIA_ANNOUNCED_ADDRESS leads to other addresses now',
      );
      this.#addresses = addresses;
    } catch (error) {
      logger.warn({ err: error }, 'MEDIA_ANNOUNCED_ADDRESS could not be looked up');
    }
  }

  /** What a browser is to try in the place of ports that a worker has bound: each address of a kind with each port of that kind. */
  announce(candidates: readonly IceCandidate[]): IceCandidate[] {
    const bound = new Set(candidates.map(({ address }) => isIP(address)));
    return candidates.flatMap((candidate) => {
      const kind = isIP(candidate.address);
      const takesBoth = kind === 6 && !bound.has(4);
      return this.#addresses
        .filter((address) => takesBoth || isIP(address) === kind)
        .map((address, index) => ({
          ...candidate,
          ...{ address, ip: address, foundation: `${candidate.foundation}${kind}${index}` },
          priority: candidate.priority - index * PRIORITY_STEP,
        }));
    });
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  async #resolve(): Promise<string[]> {
    const { announced, listen, lookup } = this.#options;
    const found = announced.map(async (address) => {
      if (isIP(address) !== 0) return [address];
      // In an order of its own, since name servers turn theirs with each answer.
      return (await lookup(address))
        .map((answer) => answer.address)
        .toSorted((a, b) => isIP(a) - isIP(b) || (a < b ? -1 : 1));
    });
    const addresses = [...new Set((await Promise.all(found)).flat())];
    const kinds = new Set(listen.map(isIP));
    if (listen.includes('::')) kinds.add(4);
    const reachable = addresses.filter((address) => kinds.has(isIP(address)));
    if (reachable.length === 0) throw new Error('No address can be announced');
    return reachable;
  }
}
