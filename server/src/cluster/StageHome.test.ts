import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { HANDOVER_MS, StageHome } from './StageHome.ts';

/** One lease, as `lease.lua` keeps it, with answers that wait until they are let go. */
class FakeRedis {
  holder: string | null = null;
  epoch = 0;
  seq = 3;
  #held: PromiseWithResolvers<void> | null = null;

  defineCommand(): void {
    // The script is this class.
  }

  hold(): () => void {
    this.#held = Promise.withResolvers();
    return this.#held.resolve;
  }

  async homeLease(...args: string[]): Promise<(string | number)[]> {
    const [operation, nodeId, , , heir] = args.slice(-5) as [string, string, string, string, string];
    if (operation === 'claim' && !this.holder) this.#take(nodeId);
    if (operation === 'give' && this.holder === nodeId) {
      if (heir) this.#take(heir);
      else this.holder = null;
    }
    const answer = this.holder ? [this.seq, this.holder, String(this.epoch)] : [this.seq];
    await this.#held?.promise;
    return answer;
  }

  #take(nodeId: string): void {
    this.holder = nodeId;
    this.epoch += 1;
  }
}

let redis: FakeRedis;
let nowMs: number;
beforeEach(() => {
  redis = new FakeRedis();
  nowMs = 0;
});
const homeOf = (nodeId: string) =>
  new StageHome({ redis: redis as unknown as Redis, roomId: 'room', nodeId, now: () => nowMs });

describe('the home of a stage', () => {
  it('is here once the lease is taken, and tells the number of the record', async () => {
    const home = homeOf('a');
    expect(home.state.kind).toBe('unknown');
    expect(await home.claim({ eager: true })).toEqual({ seq: 3, wasLost: false });
    expect(home.state).toEqual({ kind: 'here', epoch: 1 });
  });

  it('that is given away goes on here for a while, whoever takes it', async () => {
    const home = homeOf('a');
    await home.claim({ eager: true });
    await home.release();
    expect(home.state).toEqual({ kind: 'handingOver', epoch: 1, to: null });
    await homeOf('b').claim({ eager: true });
    await home.claim({ lookOnly: true });
    expect(home.state).toEqual({ kind: 'handingOver', epoch: 1, to: { nodeId: 'b', epoch: 2 } });
    nowMs += HANDOVER_MS;
    expect(home.state).toEqual({ kind: 'elsewhere', home: { nodeId: 'b', epoch: 2 } });
  });

  it('that another node has taken goes on here for a while, too', async () => {
    const home = homeOf('a');
    await home.claim({ eager: true });
    redis.holder = 'b';
    redis.epoch = 2;
    await home.claim();
    expect(home.state).toMatchObject({ kind: 'handingOver', to: { nodeId: 'b' } });
  });

  it('can be given to a node by name', async () => {
    const home = homeOf('a');
    await home.claim({ eager: true });
    await home.release('c');
    expect(redis.holder).toBe('c');
  });

  it('is not taken back by a claim that was under way when it was given away', async () => {
    const home = homeOf('a');
    await home.claim({ eager: true });
    const letGo = redis.hold();
    const claiming = home.claim();
    const releasing = home.release();
    letGo();
    await Promise.all([claiming, releasing]);
    expect(home.state.kind).toBe('handingOver');
    expect(redis.holder).toBeNull();
  });

  it('stays as last heard while nobody holds the lease, and says so when it was lost and taken again', async () => {
    const home = homeOf('a');
    await home.claim({ eager: true });
    redis.holder = null;
    expect(await home.claim()).toEqual({ seq: 3, wasLost: true });
    expect(home.state).toEqual({ kind: 'here', epoch: 2 });
  });

  it('may be written for only while the lease is good', async () => {
    const home = homeOf('a');
    await home.claim({ eager: true });
    expect(home.fence).toEqual({ nodeId: 'a', epoch: 1 });
    nowMs += 3000;
    expect(home.fence).toBeNull();
    expect(home.state.kind).toBe('here');
  });
});
