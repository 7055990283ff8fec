import { describe, expect, it } from 'vitest';
import { HOST_ID, SELF_ID, aMember, aRoom, aSelf, aSnapshot, aState } from './testing/rooms.ts';
import { fromWelcome, isBehind, isMutedByServer, reduceRoom } from './RoomStore.ts';

const held = fromWelcome(aSnapshot({ state: aState({ seq: 5 }) }));
const ann = { userId: 'user-ann-1', name: 'Ann' };

describe('reduceRoom', () => {
  it('drops a state older than the one held', () => {
    expect(reduceRoom(held, { type: 'state', state: aState({ seq: 4, phase: 'ended' }) })).toBe(held);
    const pulsed = reduceRoom(held, { type: 'pulse', pulse: { seq: 4, listeners: 1, state: aState({ seq: 4 }) } });
    expect(pulsed).toBe(held);
  });

  it('takes a newer state from a notification and from a pulse', () => {
    const state = aState({ seq: 6, locked: true });
    expect(reduceRoom(held, { type: 'state', state }).state).toBe(state);
    expect(reduceRoom(held, { type: 'pulse', pulse: { seq: 6, listeners: 2, state } })).toMatchObject({
      state,
      listeners: 2,
    });
  });

  it('is the same object after a pulse that changes nothing', () => {
    expect(reduceRoom(held, { type: 'pulse', pulse: { seq: 5, listeners: held.listeners } })).toBe(held);
  });

  it('keeps the faces until a pulse brings others', () => {
    const seen = reduceRoom(held, { type: 'pulse', pulse: { seq: 5, listeners: 1, faces: [ann] } });
    expect(seen.faces).toEqual([ann]);
    expect(reduceRoom(seen, { type: 'pulse', pulse: { seq: 5, listeners: 9 } }).faces).toBe(seen.faces);
  });

  it('keeps the room’s card in line with the state', () => {
    const state = aState({ seq: 6, phase: 'ended', endedAt: 9, stage: [aMember({ ...ann, role: 'host' })] });
    expect(reduceRoom(held, { type: 'state', state }).room).toMatchObject({ phase: 'ended', endedAt: 9, host: ann });
  });

  it('keeps the last host on the card while there is none on the stage', () => {
    expect(reduceRoom(held, { type: 'state', state: aState({ seq: 6, stage: [] }) }).room.host.userId).toBe(HOST_ID);
  });

  it('takes a late snapshot for everything but the state', () => {
    const snapshot = aSnapshot({ state: aState({ seq: 3, phase: 'backstage' }), listeners: 42 });
    const next = reduceRoom(held, { type: 'snapshot', snapshot });
    expect(next.listeners).toBe(42);
    expect(next.state).toBe(held.state);
    expect(next.room.phase).toBe('live');
  });

  it('forgets the queue of hands with the right to see it', () => {
    const host = fromWelcome(aSnapshot({ self: aSelf({ role: 'host' }), hands: [ann] }));
    const promoted = reduceRoom(host, { type: 'self', self: aSelf({ role: 'cohost' }) });
    expect(promoted.hands).toEqual([ann]);
    expect(reduceRoom(promoted, { type: 'self', self: aSelf({ role: 'speaker' }) }).hands).toEqual([]);
  });

  it('takes a welcome whole, even one with a lower seq', () => {
    const welcome = fromWelcome(aSnapshot({ state: aState({ seq: 1 }), room: aRoom({ title: 'Again' }) }));
    expect(welcome).toMatchObject({ state: { seq: 1 }, room: { title: 'Again' } });
  });
});

describe('a state in which no hand is up', () => {
  const raised = reduceRoom(held, { type: 'self', self: aSelf({ handPlace: 2 }) });

  it('lowers one’s own', () => {
    expect(reduceRoom(raised, { type: 'state', state: aState({ seq: 6 }) }).self.handPlace).toBeNull();
    const up = reduceRoom(raised, { type: 'state', state: aState({ seq: 6, handCount: 2 }) });
    expect(up.self.handPlace).toBe(2);
  });
});

describe('the end of a room that nobody leads', () => {
  it('is what the last pulse says', () => {
    const ending = reduceRoom(held, { type: 'pulse', pulse: { seq: 5, listeners: 1, endsInS: 240 } });
    expect(ending.endsInS).toBe(240);
    expect(reduceRoom(ending, { type: 'pulse', pulse: { seq: 5, listeners: 1 } }).endsInS).toBeNull();
  });
});

describe('isBehind', () => {
  it('is so only when a pulse tells of a state that it does not bring', () => {
    expect(isBehind(held, { seq: 6, listeners: 1 })).toBe(true);
    expect(isBehind(held, { seq: 5, listeners: 1 })).toBe(false);
    expect(isBehind(held, { seq: 6, listeners: 1, state: aState({ seq: 6 }) })).toBe(false);
  });
});

describe('isMutedByServer', () => {
  it('tells what the state says of oneself, and nothing of someone off stage', () => {
    expect(isMutedByServer(held)).toBeNull();
    const stage = [aMember({ userId: SELF_ID, role: 'speaker', muted: true })];
    expect(isMutedByServer(fromWelcome(aSnapshot({ state: aState({ stage }) })))).toBe(true);
  });
});
