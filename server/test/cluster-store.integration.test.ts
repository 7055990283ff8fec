import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { HomeLease, LEASE_MS } from '../src/cluster/HomeLease.ts';
import { Admission } from '../src/admission/Admission.ts';
import { NodeRegistry, type NodeState } from '../src/cluster/NodeRegistry.ts';
import { createLogger } from '../src/logger.ts';
import { connectRedis } from '../src/store/connectRedis.ts';

const logger = createLogger({ LOG_LEVEL: 'silent' });

let dir: string;
let own: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tribune-test-'));
  own = await startRedis({ dir: join(dir, 'redis'), persist: false });
  redis = connectRedis(own.url, logger);
  await new Promise((resolve) => redis.once('ready', resolve));
});
afterAll(async () => {
  redis.disconnect();
  await own.stop();
  await rm(dir, { recursive: true });
});
beforeEach(async () => void (await redis.flushall()));

describe('the home of a room', () => {
  let nowMs: number;
  beforeEach(() => {
    nowMs = 0;
  });
  const leaseOf = (nodeId: string) => new HomeLease({ redis, roomId: 'room-0001', nodeId, now: () => nowMs });

  it('is one node, however many want to be it at the same moment', async () => {
    const leases = Array.from({ length: 20 }, (_, n) => leaseOf(`node-${n}`));
    const looks = await Promise.all(leases.map(async (lease) => lease.claim({ eager: true })));
    expect(leases.filter((lease) => lease.mine)).toHaveLength(1);
    expect(new Set(looks.map(({ home }) => home?.nodeId)).size).toBe(1);
  });

  it('is not who has not renewed it for its life, as after having been stopped', async () => {
    const lease = leaseOf('a');
    await lease.claim({ eager: true });
    expect(lease.mine).toMatchObject({ nodeId: 'a', epoch: 1 });
    nowMs += LEASE_MS;
    expect(lease.mine).toBeNull();
  });

  it('passes to another once its lease has run out, with a higher epoch', async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    await a.claim({ eager: true });
    await redis.pexpire('tribune:{room-0001}:home', 1);
    await sleep(20);
    expect((await b.claim()).home).toBeNull();
    expect((await b.claim()).home).toBeNull();
    expect((await b.claim()).home).toEqual({ nodeId: 'b', epoch: 2 });
    expect((await a.claim()).home).toEqual({ nodeId: 'b', epoch: 2 });
    expect(a.mine).toBeNull();
  });

  it('stays where it was when Redis has forgotten everything', async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    await a.claim({ eager: true });
    await b.claim();
    await redis.flushall();
    expect((await b.claim()).home).toBeNull();
    expect((await a.claim()).home).toEqual({ nodeId: 'a', epoch: 2 });
    expect((await b.claim()).home).toEqual({ nodeId: 'a', epoch: 2 });
  });

  it('keeps the number of its last epoch for as long as it is renewed', async () => {
    const lease = leaseOf('a');
    await lease.claim({ eager: true });
    await redis.expire('tribune:{room-0001}:epoch', 10);
    await lease.claim();
    expect(await redis.ttl('tribune:{room-0001}:epoch')).toBeGreaterThan(3600);
  });

  it('is told with the number of the record, so that whoever looks after it misses no change', async () => {
    const lease = leaseOf('a');
    expect((await lease.claim({ eager: true })).seq).toBe(0);
    await redis.hset('tribune:{room-0001}:room', 'seq', 17);
    expect((await lease.claim()).seq).toBe(17);
  });

  it("is not taken for nobody's by looks at a Redis that takes no writes: whoever had it goes first", async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    await a.claim({ eager: true });
    await b.claim();
    await redis.call('REPLICAOF', '127.0.0.1', '1');
    await redis.pexpire('tribune:{room-0001}:home', 1).catch(() => undefined);
    for (let look = 0; look < 4; look++) await expect(b.claim()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect.poll(async () => redis.call('REPLICAOF', 'NO', 'ONE').catch(String), { timeout: 3000 }).toBe('OK');
    await redis.del('tribune:{room-0001}:home');
    expect((await b.claim()).home).toBeNull();
    expect((await a.claim()).home?.nodeId).toBe('a');
    expect((await b.claim()).home?.nodeId).toBe('a');
  });

  it('can be given to a node by name, with a higher epoch and no moment in which nobody has it', async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    await a.claim({ eager: true });
    await a.release('b');
    expect((await b.claim()).home).toEqual({ nodeId: 'b', epoch: 2 });
    expect(b.mine).toEqual({ nodeId: 'b', epoch: 2 });
  });

  it('can be given back, and only by the node that has it', async () => {
    const [a, b] = [leaseOf('a'), leaseOf('b')];
    await a.claim({ eager: true });
    await b.claim();
    await b.release();
    expect((await b.claim()).home?.nodeId).toBe('a');
    await a.release();
    expect((await b.claim({ eager: true })).home).toEqual({ nodeId: 'b', epoch: 2 });
  });
});

describe('the nodes of a cluster', () => {
  let nowMs: number;
  beforeEach(() => {
    nowMs = 1_700_000_000_000;
  });

  function nodeOf(id: string, overrides: Partial<NodeState> = {}, perAddressShare = 1, peoplePerAddress = 1e6) {
    const node = {
      ...{ id, url: `http://${id}.test`, listeners: 0, capacity: 1000, joinsPerS: 10_000, draining: false },
      ...{
        accepting: true,
        reason: null,
        mixerLoad: 0,
        takesRooms: true,
        storagePlace: '',
        secretFingerprint: 'same',
        ...overrides,
      },
    };
    const registry = new NodeRegistry({ redis, logger, describe: () => node, nowMs: () => nowMs });
    const limits = { perAddressShare, peoplePerAddress };
    const admission = new Admission({ redis, registry, ...limits, nowMs: () => nowMs });
    return { node, registry, admission };
  }

  async function admitAll(admission: Admission, people: readonly string[]) {
    const answers = [];
    for (const person of people) answers.push(await admission.admit({ person, address: 'one' }));
    return answers;
  }
  const people = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `person-${from + n}`);

  it("[AB17] give half of a second's tickets to one address, so that others get some", async () => {
    const { registry, admission } = nodeOf('a', { joinsPerS: 100 }, 0.5);
    await registry.beat();
    const outcomesFrom = async (address: string, count: number) => {
      const outcomes = [];
      for (const person of people(count))
        outcomes.push(
          await admission.admit({ person: `${address}-${person}`, address }).then(
            ({ kind }) => kind,
            (error: { code?: string }) => error.code,
          ),
        );
      return outcomes.filter((outcome) => outcome === 'node').length;
    };
    expect(await outcomesFrom('crowd', 400)).toBe(50);
    expect(await outcomesFrom('school', 20)).toBe(20);
    expect(await outcomesFrom('home', 3)).toBe(3);
    nowMs += 1000;
    await registry.beat();
    expect(await outcomesFrom('school', 20)).toBe(20);
  });

  it('[AB17] let a school in within a minute or little more, and tell each of those who wait another time to come back', async () => {
    const { registry, admission } = nodeOf('a', { joinsPerS: 200 }, 0.5, 600);
    const isIn = new Set<string>();
    const dueAtS = new Map(people(600).map((person) => [person, 0]));
    let asked = 0;
    for (let second = 0; second < 70; second++, nowMs += 1000) {
      await registry.beat();
      const coming = [...dueAtS].filter(([person, due]) => due <= second && !isIn.has(person));
      for (const [person] of coming) {
        asked += 1;
        await admission.admit({ person, address: 'school' }).then(
          () => isIn.add(person),
          (error: { retryAfterS?: number }) => dueAtS.set(person, second + error.retryAfterS!),
        );
      }
    }
    expect(isIn.size).toBe(600);
    expect(asked).toBeLessThan(600 * 6);
  });

  it('[AB17] keep the place in the queue of somebody who is told to come back again and again', async () => {
    const { node, registry, admission } = nodeOf('a', { capacity: 0, joinsPerS: 10 }, 0.5, 60);
    await registry.beat();
    const late = { person: 'late', address: 'school' };
    expect(await admission.admit(late)).toMatchObject({ kind: 'wait', place: 1 });
    node.capacity = 1000;
    for (let round = 0; round < 4; round++, nowMs += 10_000) {
      await registry.beat();
      const crowd = people(4, 4 * round).map(async (person) => admission.admit({ person, address: 'school' }));
      await expect(Promise.all(crowd)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
      expect(() => admission.assertNotBusy(late)).toThrow('Many people');
      expect(await redis.zrank('tribune:{nodes}:queue', 'late')).toBe(0);
    }
  });

  it('[AB17] let people of several addresses in by turns, and those of one address in the order of coming', async () => {
    const { registry, admission } = nodeOf('a', { capacity: 0 }, 0.5);
    await registry.beat();
    const placeOf = async (person: string, address: string) => {
      const verdict = await admission.admit({ person, address });
      return verdict.kind === 'wait' ? verdict.place : null;
    };
    for (let i = 1; i <= 100; i++) expect(await placeOf(`crowd-${i}`, 'crowd')).toBe(i);
    expect(await placeOf('ann', 'home')).toBe(11);
    expect(await placeOf('bob', 'another home')).toBe(12);
    for (let i = 1; i <= 12; i++) await placeOf(`pupil-${i}`, 'school');
    expect(await placeOf('pupil-10', 'school')).toBe(22);
    expect(await placeOf('pupil-11', 'school')).toBeGreaterThan(30);
    expect(await placeOf('crowd-10', 'crowd')).toBe(10);
    // Whoever does not ask any more has gone, and counts no longer.
    nowMs += 16_000;
    await registry.beat();
    expect(await placeOf('crowd-200', 'crowd')).toBe(1);
    expect(await redis.hgetall('tribune:{nodes}:waitingCounts')).toEqual({ crowd: '1' });
  });

  it('know each other, and forget who is silent', async () => {
    const [a, b] = [nodeOf('a'), nodeOf('b')];
    await a.registry.beat();
    await b.registry.beat();
    await a.registry.beat();
    expect(a.registry.nodes.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
    nowMs += 3000;
    await a.registry.beat();
    nowMs += 1500;
    await a.registry.beat();
    expect(a.registry.nodes.map(({ id }) => id)).toEqual(['a']);
  });

  it('keep one place for each person: that on a node which they could not reach is for others', async () => {
    const [a, b] = [nodeOf('a', { capacity: 1 }), nodeOf('b', { capacity: 0 })];
    await a.registry.beat();
    await b.registry.beat();
    await a.admission.admit({ person: 'ann', address: 'one' });
    b.node.capacity = 1;
    await b.registry.beat();
    const again = { person: 'ann', address: 'one', avoid: a.node.url! };
    expect(await b.admission.admit(again)).toMatchObject({ kind: 'node', node: { id: 'b' } });
    await a.registry.beat();
    expect(a.registry.nodes.map(({ coming }) => coming)).toEqual([0, 1]);
  });

  it('[CL24] forget who is silent, and give back places, also when the clock of Redis is set back', async () => {
    const [a, b] = [nodeOf('a', { capacity: 1 }), nodeOf('b', { draining: true })];
    await a.registry.beat();
    await b.registry.beat();
    await a.admission.admit({ person: 'ann', address: 'one' });
    nowMs -= 3_600_000;
    await a.registry.beat();
    expect(a.registry.find('b')).toBeDefined();
    expect(a.registry.find('a')?.coming).toBe(0);
    nowMs += 3000;
    await a.registry.beat();
    nowMs += 1500;
    await a.registry.beat();
    expect(a.registry.nodes.map(({ id }) => id)).toEqual(['a']);
  });

  it('[CL24] say how far their clocks are from that of Redis, and go by that', async () => {
    const { registry } = nodeOf('a');
    nowMs = Date.now() - 600_000;
    await registry.beat();
    await registry.beat();
    expect(registry.find('a')?.clockAheadMs).toBeGreaterThan(590_000);
    expect(Math.abs(registry.nowMs - nowMs)).toBeLessThan(10_000);
  });

  it('live beside one of another version, of which they cannot read what it says', async () => {
    const a = nodeOf('a');
    await a.registry.beat();
    await redis.hset('tribune:{nodes}:info', 'old', JSON.stringify({ id: 'old', listeners: 0, capacity: 10 }));
    await redis.zadd('tribune:{nodes}:seen', nowMs, 'old');
    await a.registry.beat();
    expect(a.registry.nodes.map(({ id }) => id)).toEqual(['a']);
    expect(a.registry.problem).toBeNull();
    expect(await a.admission.admit({ person: 'ann', address: 'one' })).toMatchObject({
      kind: 'node',
      node: { id: 'a' },
    });
  });

  it('share a crowd evenly, those on their way counted', async () => {
    const nodes = ['a', 'b', 'c'].map((id) => nodeOf(id));
    for (const { registry } of nodes) await registry.beat();
    const answers = await admitAll(nodes[0]!.admission, people(999));
    for (const { node } of nodes) {
      const count = answers.filter((answer) => answer.kind === 'node' && answer.node.id === node.id).length;
      expect(count).toBeGreaterThan(333 * 0.9);
      expect(count).toBeLessThan(333 * 1.1);
    }
  });

  it('send nobody to one that is draining', async () => {
    const [a, b] = [nodeOf('a', { draining: true }), nodeOf('b')];
    await a.registry.beat();
    await b.registry.beat();
    const answers = await admitAll(a.admission, people(20));
    expect(new Set(answers.map((answer) => answer.kind === 'node' && answer.node.id))).toEqual(new Set(['b']));
  });

  it('let nobody in past their capacity, and those who wait in the order of their coming', async () => {
    const { node, registry, admission } = nodeOf('a', { capacity: 10 });
    await registry.beat();
    const answers = await admitAll(admission, people(15));
    expect(answers.map(({ kind }) => kind)).toEqual([...Array(10).fill('node'), ...Array(5).fill('wait')]);
    expect(answers.slice(10).map((answer) => answer.kind === 'wait' && answer.place)).toEqual([1, 2, 3, 4, 5]);
    // Ten have arrived, and two leave: the first two in the queue come in, whoever asks first.
    for (const person of people(10)) registry.handleArrival(person);
    node.listeners = 8;
    await registry.beat();
    const [fifth, newcomer, second, first] = await admitAll(admission, ['person-14', 'late', 'person-11', 'person-10']);
    expect(fifth).toMatchObject({ kind: 'wait', place: 5 });
    expect(newcomer).toMatchObject({ kind: 'wait', place: 6 });
    expect([second?.kind, first?.kind]).toEqual(['node', 'node']);
    expect(await admission.admit({ person: 'person-14', address: 'one' })).toMatchObject({
      kind: 'wait',
      place: 3,
      estimateS: 90,
    });
  });

  it('keep a place for who asks again, once', async () => {
    const { registry, admission } = nodeOf('a', { capacity: 2 });
    await registry.beat();
    await admitAll(admission, ['ann', 'ann', 'ann', 'bob']);
    await registry.beat();
    expect(registry.nodes[0]?.coming).toBe(2);
  });

  it('give the place of who has stopped asking to the next', async () => {
    const { node, registry, admission } = nodeOf('a', { capacity: 1 });
    await registry.beat();
    await admitAll(admission, ['ann', 'gone', 'bob']);
    nowMs += 10_000;
    await registry.beat();
    await admission.admit({ person: 'bob', address: 'one' });
    nowMs += 6000;
    node.listeners = 1;
    await registry.beat();
    expect(await admission.admit({ person: 'bob', address: 'one' })).toMatchObject({ kind: 'wait', place: 1 });
  });

  it('take in no more in one second than each can bear', async () => {
    const { registry, admission } = nodeOf('a', { joinsPerS: 5 });
    await registry.beat();
    const codes = await Promise.all(
      people(50).map(async (person) =>
        admission.admit({ person, address: 'one' }).then(
          ({ kind }) => kind,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    const admitted = codes.filter((code) => code === 'node').length;
    expect(admitted).toBe(5);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(50 - admitted);
  });

  it('[AB14] let in those who come, however many take tickets and never come', async () => {
    const { registry, admission } = nodeOf('a', { joinsPerS: 10 });
    const ask = async (person: string) =>
      admission.admit({ person, address: 'one' }).then(
        ({ kind }) => kind,
        (error: { code: string }) => error.code,
      );
    const letIn: number[] = [];
    for (let second = 0; second < 20; second++) {
      await registry.beat();
      for (const person of people(30, 1000 * second)) await ask(`nobody-${person}`);
      const honest = people(5, 1000 * second);
      const codes = [];
      for (const person of honest) codes.push(await ask(person));
      for (const [index, person] of honest.entries()) if (codes[index] === 'node') registry.handleArrival(person);
      letIn.push(codes.filter((code) => code === 'node').length);
      nowMs += 1000;
    }
    expect(letIn[0]).toBe(0);
    expect(letIn.slice(-5)).toEqual([5, 5, 5, 5, 5]);
    // Nor do they keep many places: those of the last three seconds.
    await registry.beat();
    expect(registry.find('a')?.coming).toBeLessThan(4 * 30);
  });

  it('[CL15] keep the place of those whose turn has come, however long the rush at the door lasts', async () => {
    const { node, registry, admission } = nodeOf('a', { capacity: 0, joinsPerS: 1 });
    await registry.beat();
    await admitAll(admission, people(9));
    node.capacity = 3;
    await registry.beat();
    expect(await admission.admit({ person: 'person-0', address: 'one' })).toMatchObject({ kind: 'node' });
    // Two more may come, and each second another takes the one join there is.
    const turn = async (person: string) =>
      admission.admit({ person, address: 'one' }).then(
        (verdict) => (verdict.kind === 'wait' ? verdict.place : verdict.kind),
        ({ code }: { code: string }) => code,
      );
    for (let second = 0; second < 20; second++) {
      expect(await turn('person-1')).toBe('RATE_LIMITED');
      for (const person of people(7, 2)) await turn(person);
      nowMs += 900;
      await redis.hset(`tribune:{nodes}:counts:${Math.floor(nowMs / 1000)}`, 'a:given', 1);
      await registry.beat();
    }
    nowMs += 1000;
    await registry.beat();
    expect(await turn('person-1')).toBe('node');
  });

  it('give a place that was kept and not taken to the next, after ten seconds', async () => {
    const { registry, admission } = nodeOf('a', { capacity: 1 });
    await registry.beat();
    await admitAll(admission, ['never-comes', 'ann']);
    nowMs += 3500;
    await registry.beat();
    expect(await admission.admit({ person: 'ann', address: 'one' })).toMatchObject({ kind: 'wait' });
    nowMs += 3500;
    await registry.beat();
    await admission.admit({ person: 'ann', address: 'one' });
    nowMs += 3500;
    await registry.beat();
    expect(await admission.admit({ person: 'ann', address: 'one' })).toMatchObject({ kind: 'node' });
  });

  it('free the place that was kept for somebody on another node than the one they came to', async () => {
    const [a, b] = [nodeOf('a', { capacity: 1 }), nodeOf('b', { capacity: 1, draining: true })];
    await a.registry.beat();
    await b.registry.beat();
    await a.admission.admit({ person: 'ann', address: 'one' });
    b.registry.handleArrival('ann');
    await b.registry.beat();
    expect(await a.admission.admit({ person: 'bob', address: 'one' })).toMatchObject({
      kind: 'node',
      node: { id: 'a' },
    });
  });

  it('send nobody to one whose media does not get through, unless there is no other', async () => {
    const [a, b] = [nodeOf('a', { accepting: false, reason: 'media' }), nodeOf('b')];
    await a.registry.beat();
    await b.registry.beat();
    const answers = await admitAll(a.admission, people(20));
    expect(new Set(answers.map((answer) => answer.kind === 'node' && answer.node.id))).toEqual(new Set(['b']));
    await b.registry.leave();
    await a.registry.beat();
    expect(await a.admission.admit({ person: 'ann', address: 'one' })).toMatchObject({
      kind: 'node',
      node: { id: 'a' },
    });
    expect(a.registry.pickHome()?.id).toBe('a');
  });

  it('send nobody to one whose secret is not theirs, though there is no other', async () => {
    const [a, b] = [nodeOf('a', { capacity: 1, listeners: 1 }), nodeOf('b', { secretFingerprint: 'other' })];
    await a.registry.beat();
    await b.registry.beat();
    await a.registry.beat();
    expect(await a.admission.admit({ person: 'ann', address: 'one' })).toMatchObject({ kind: 'wait' });
    expect(a.registry.pickHome()?.id).toBe('a');
  });

  it('notice another process of the same name, which is no part of them while the first lives', async () => {
    const [first, second] = [nodeOf('a'), nodeOf('a')];
    await first.registry.beat();
    await second.registry.beat();
    await first.registry.beat();
    expect(first.registry.problem).toBeNull();
    expect(second.registry.problem?.message).toContain('named a');
    nowMs += 4001;
    await second.registry.beat();
    expect(second.registry.problem).toBeNull();
  });

  it('give a name back at once where its process says goodbye', async () => {
    const [first, second] = [nodeOf('a'), nodeOf('a')];
    await first.registry.beat();
    await first.registry.leave();
    await second.registry.beat();
    expect(second.registry.problem).toBeNull();
    // Late words of the first count for nothing.
    await first.registry.beat();
    expect(second.registry.nodes).toHaveLength(1);
  });

  it('notice that their secrets differ: the one that came later is no part of them', async () => {
    const first = nodeOf('a');
    await first.registry.beat();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const second = nodeOf('b', { secretFingerprint: 'other' });
    await second.registry.beat();
    await first.registry.beat();
    expect(first.registry.problem).toBeNull();
    expect(second.registry.problem?.message).toContain('SECRET');
  });

  it('are many with one secret, and one with another: the one gives way, however long it has been there', async () => {
    const odd = nodeOf('odd', { secretFingerprint: 'other' });
    await odd.registry.beat();
    nowMs += 1000;
    const [a, b] = [nodeOf('a'), nodeOf('b')];
    for (const { registry } of [a, b, odd, a, b]) await registry.beat();
    expect([a, b].map(({ registry }) => registry.problem)).toEqual([null, null]);
    expect(odd.registry.problem?.message).toContain('SECRET');
  });

  it('[CL18] put the stage of a new room where the mixers have most room, and nowhere when all are full', async () => {
    const [a, b] = [nodeOf('a', { mixerLoad: 0.5 }), nodeOf('b', { mixerLoad: 0.2 })];
    for (const { registry } of [a, b, a]) await registry.beat();
    expect(a.registry.pickHome()?.id).toBe('b');
    a.node.mixerLoad = 0.25;
    await a.registry.beat();
    expect(a.registry.pickHome()?.id).toBe('a');
    for (const { node, registry } of [a, b]) {
      node.takesRooms = false;
      await registry.beat();
    }
    await a.registry.beat();
    expect(a.registry.pickHome()).toBeNull();
  });

  it('[CL7] send who could not reach one of them to another, where there is one', async () => {
    const [a, b] = [nodeOf('a'), nodeOf('b')];
    await a.registry.beat();
    expect(await a.admission.admit({ person: 'ann', address: 'one', avoid: a.node.url! })).toMatchObject({
      kind: 'node',
      node: { id: 'a' },
    });
    await b.registry.beat();
    for (const person of ['ann', ...people(20)])
      expect(await b.admission.admit({ person, address: 'one', avoid: a.node.url! })).toMatchObject({
        kind: 'node',
        node: { id: 'b' },
      });
  });

  it('[CL8] take in who has to leave another, though they are full', async () => {
    const [a, b] = [nodeOf('a', { listeners: 10, capacity: 10 }), nodeOf('b', { listeners: 10, capacity: 10 })];
    await a.registry.beat();
    await b.registry.beat();
    expect(await a.admission.admit({ person: 'ann', address: 'one' })).toMatchObject({ kind: 'wait', place: 1 });
    a.node.draining = true;
    await a.registry.beat();
    await a.admission.keepPlaces(['bob']);
    expect(await b.admission.admit({ person: 'bob', address: 'one' })).toMatchObject({
      kind: 'node',
      node: { id: 'b' },
    });
    expect(await b.admission.admit({ person: 'ann', address: 'one' })).toMatchObject({ kind: 'wait', place: 1 });
  });

  it('know each other on while Redis has forgotten everything', async () => {
    const [a, b] = [nodeOf('a'), nodeOf('b')];
    await a.registry.beat();
    await b.registry.beat();
    await a.registry.beat();
    await redis.flushall();
    await a.registry.beat();
    expect(a.registry.nodes.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
    await b.registry.beat();
    await a.registry.beat();
    expect(a.registry.nodes.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
  });
});
