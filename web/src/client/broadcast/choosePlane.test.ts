import type { RoomConnectionState } from '@tribune/shared/RoomConnection.ts';
import { describe, expect, it } from 'vitest';
import { choosePlane, type PlaneFacts } from './choosePlane.ts';

const joined = { kind: 'joined' } as RoomConnectionState;
const resuming = { kind: 'resuming', attempt: 1 } as const;
const queued = { kind: 'queued', place: 3, estimateS: null, retryAfterS: 2, plane: 'http' } as const;
const connecting = (refused: Extract<RoomConnectionState, { kind: 'connecting' }>['refused'] = null) =>
  ({ kind: 'connecting', refused }) as const;

function choose(connection: RoomConnectionState, facts: Partial<PlaneFacts> = {}) {
  return choosePlane({ connection, isOnStage: false, path: 'connecting', pathlessMs: 0, wasOpen: false, ...facts });
}

describe('a listener hears the room over HTTP', () => {
  it.each([
    ['at once in the queue', choose(queued), 'full'],
    ['at once where too many come', choose(connecting('RATE_LIMITED')), 'full'],
    ['at once where the room is full', choose(connecting('ROOM_FULL')), 'full'],
    ['in a broadcast', choose({ kind: 'broadcast' }), 'broadcast'],
    ['when no attempt gets through', choose(connecting('UNAVAILABLE'), { pathlessMs: 1000 }), 'blocked'],
    ['when the server cannot take them now', choose(connecting('SERVER_BUSY'), { pathlessMs: 1000 }), 'lost'],
    ['when the first attempt hangs', choose(connecting(), { pathlessMs: 3000 }), 'blocked'],
    ['when no media gets through', choose(joined, { pathlessMs: 3000 }), 'blocked'],
    ['when connection and media are lost', choose(resuming, { pathlessMs: 1200, wasOpen: true }), 'lost'],
    ['when media that came comes no more', choose(joined, { pathlessMs: 1200, wasOpen: true }), 'lost'],
  ])('%s', (_when, cause, expected) => expect(cause).toBe(expected));
});

describe('a listener hears the room over WebRTC', () => {
  it.each([
    ['as long as a join takes', choose(connecting(), { pathlessMs: 2000 })],
    ['as soon as it is there', choose(joined, { path: 'open' })],
    ['when there is nothing to hear yet', choose(joined, { path: 'idle', pathlessMs: 9000 })],
    ['while only the socket is lost', choose(resuming, { path: 'open' })],
    ['on a server that says nothing of HTTP', choose({ ...queued, plane: undefined } as never)],
  ])('%s', (_when, cause) => expect(cause).toBeNull());
});

it('whoever is on stage never hears the room late', () => {
  for (const state of [resuming, joined]) expect(choose(state, { isOnStage: true, pathlessMs: 9000 })).toBeNull();
});
