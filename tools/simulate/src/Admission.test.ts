import { createRandom } from '@tribune/loadtest/random.ts';
import { describe, expect, it } from 'vitest';
import { Admission, type AdmissionOptions } from './Admission.ts';

const SECOND_MS = 1000;

function create(options: Partial<AdmissionOptions> = {}): Admission {
  return new Admission({ nodes: 2, capacity: Infinity, joinsPerS: Infinity, random: createRandom(1), ...options });
}

/** @returns the node that lets the person in */
function enter(admission: Admission, who: number, nowMs: number): number {
  const answer = admission.ask(who, nowMs);
  if (answer.kind !== 'node') throw new Error(`Person ${who} is told to ${answer.kind}`);
  admission.arrive(who, answer.node, nowMs);
  return answer.node;
}

describe('simulated admission', () => {
  it('spreads people over the nodes by the better of two drawn at random', () => {
    const admission = create({ nodes: 10 });
    const counts = Array.from({ length: 10 }, () => 0);
    for (let who = 0; who < 10_000; who++) counts[enter(admission, who, who)]! += 1;
    // One node drawn at random would be about 90 away from 1,000.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(20);
  });

  it('lets each node have its joins per second, and tells the others to come back', () => {
    const admission = create({ nodes: 2, joinsPerS: 3 });
    const kinds = Array.from({ length: 8 }, (_, who) => admission.ask(who, 500).kind);
    expect(kinds).toEqual([...Array<string>(6).fill('node'), 'busy', 'busy']);
    expect(admission.ask(6, 999).kind).toBe('busy');
    expect(admission.ask(6, SECOND_MS).kind).toBe('node');
  });

  it('keeps the node of a person who asks again', () => {
    const admission = create({ nodes: 10, joinsPerS: 1 });
    const first = admission.ask(1, 0);
    expect(admission.ask(1, 100)).toEqual(first);
  });

  it('keeps the place of a person with a ticket for 10 s, and not longer', () => {
    const admission = create({ nodes: 1, capacity: 1 });
    expect(admission.ask(1, 0).kind).toBe('node');
    expect(admission.ask(2, 9.9 * SECOND_MS)).toMatchObject({ kind: 'wait', place: 1 });
    expect(admission.ask(2, 10 * SECOND_MS).kind).toBe('node');
  });

  it('keeps the place of a person who has arrived until they leave', () => {
    const admission = create({ nodes: 1, capacity: 1 });
    enter(admission, 1, 0);
    expect(admission.ask(2, 60 * SECOND_MS).kind).toBe('wait');
    admission.leave(0);
    expect(admission.ask(2, 61 * SECOND_MS).kind).toBe('node');
  });

  it('lets people in from the queue in the order of coming', () => {
    const admission = create({ nodes: 1, capacity: 1 });
    enter(admission, 0, 0);
    expect([1, 2, 3].map((who) => admission.ask(who, who))).toMatchObject([{ place: 1 }, { place: 2 }, { place: 3 }]);
    admission.leave(0);
    expect(admission.ask(3, 2 * SECOND_MS), 'third').toMatchObject({ kind: 'wait', place: 3 });
    expect(admission.ask(4, 2 * SECOND_MS), 'a newcomer').toMatchObject({ kind: 'wait', place: 4 });
    expect(admission.ask(1, 2 * SECOND_MS).kind).toBe('node');
    expect(admission.ask(2, 2 * SECOND_MS)).toMatchObject({ kind: 'wait', place: 1 });
    expect(admission.queueHistory).toEqual({ longest: 4, longestAtMs: 2 * SECOND_MS, waitsMs: [2 * SECOND_MS - 1] });
  });

  it('keeps the place in the queue of a person who is next and finds every node busy', () => {
    const admission = create({ nodes: 1, capacity: 3, joinsPerS: 1 });
    for (const who of [11, 12, 13]) enter(admission, who, who * SECOND_MS);
    for (const who of [1, 2, 3, 4]) admission.ask(who, 20 * SECOND_MS);
    for (let left = 0; left < 3; left++) admission.leave(0);
    const kindsAt = (s: number, people: readonly number[]) =>
      people.map((who) => admission.ask(who, s * SECOND_MS).kind);
    expect(kindsAt(21, [1, 2, 4])).toEqual(['node', 'busy', 'wait']);
    expect(kindsAt(30, [3, 2, 4])).toEqual(['node', 'busy', 'wait']);
    for (const who of [1, 3]) admission.arrive(who, 0, 30 * SECOND_MS);
    expect(kindsAt(40, [4, 2]), '20 s after the last time that 2 was told to wait').toEqual(['wait', 'node']);
  });

  it('forgets a person in the queue who has not asked for 15 s', () => {
    const admission = create({ nodes: 1, capacity: 1 });
    enter(admission, 0, 0);
    admission.ask(1, SECOND_MS);
    admission.ask(2, 2 * SECOND_MS);
    expect(admission.ask(2, 15 * SECOND_MS)).toMatchObject({ place: 2 });
    expect(admission.ask(2, 16 * SECOND_MS)).toMatchObject({ place: 1 });
    expect(admission.ask(1, 17 * SECOND_MS)).toMatchObject({ place: 2 });
  });

  it.each([
    [1, 2000],
    [100, 3000],
    [5000, 8000],
  ])('asks place %d to come back after %d ms', (place, retryAfterMs) => {
    const admission = create({ nodes: 1, capacity: 1 });
    enter(admission, 0, 0);
    const answers = Array.from({ length: place }, (_, index) => admission.ask(index + 1, 1));
    expect(answers.at(-1)).toEqual({ kind: 'wait', place, retryAfterMs });
  });

  it('sends people to a dead node for 4 s, but for those who have seen that it is dead', () => {
    const admission = create({ nodes: 2 });
    for (let who = 0; who < 10; who++) enter(admission, who, 0);
    admission.fail(0, SECOND_MS);
    const sent = (nowMs: number, avoid: number | null) =>
      Array.from({ length: 50 }, (_, index) => admission.ask(nowMs + index, nowMs, avoid));
    expect(sent(4900, null)).toContainEqual({ kind: 'node', node: 0 });
    expect(sent(4950, 0)).not.toContainEqual({ kind: 'node', node: 0 });
    expect(sent(5000, null)).not.toContainEqual({ kind: 'node', node: 0 });
  });

  it('sends people to the node that they avoid when there is no other', () => {
    const admission = create({ nodes: 1 });
    expect(admission.ask(1, 0, 0)).toEqual({ kind: 'node', node: 0 });
  });
});
