import type { RoomInfo, RoomSnapshot, RoomState, SelfState, StageMember } from '@tribune/shared/domain.ts';

/** Rooms for tests: complete, small, and with whatever the test is about put over it. */

export const HOST_ID = 'user-host-1';
export const SELF_ID = 'user-self-1';

export function aMember(overrides: Partial<StageMember> = {}): StageMember {
  return { userId: HOST_ID, name: 'Hanna', role: 'host', muted: false, away: false, since: 0, ...overrides };
}

export function aState(overrides: Partial<RoomState> = {}): RoomState {
  return {
    seq: 1,
    phase: 'live',
    locked: false,
    sound: 'speech',
    speakerLimit: 13,
    stage: [aMember()],
    handCount: 0,
    startedAt: 1000,
    endedAt: null,
    recordingPolicy: 'allowed',
    recording: false,
    ...overrides,
  };
}

export function aSelf(overrides: Partial<SelfState> = {}): SelfState {
  return { userId: SELF_ID, name: 'Sam', role: 'listener', handPlace: null, invitedBy: null, ...overrides };
}

export function aRoom(overrides: Partial<RoomInfo> = {}): RoomInfo {
  return {
    id: 'room-1234',
    title: 'A room',
    description: '',
    language: 'en',
    speakerLimit: 13,
    phase: 'live',
    host: { userId: HOST_ID, name: 'Hanna' },
    createdAt: 0,
    startedAt: 1000,
    endedAt: null,
    isRecorded: false,
    listeners: 1,
    speakers: [],
    ...overrides,
  };
}

export function aSnapshot(overrides: Partial<RoomSnapshot> = {}): RoomSnapshot {
  return { room: aRoom(), state: aState(), self: aSelf(), listeners: 1, faces: [], hands: [], ...overrides };
}

/** Seen by someone on the stage. */
export function aSpeakerSnapshot({ muted, seq = 1 }: { muted: boolean; seq?: number }): RoomSnapshot {
  const me = aMember({ userId: SELF_ID, name: 'Sam', role: 'speaker', muted });
  return aSnapshot({ self: aSelf({ role: 'speaker' }), state: aState({ seq, stage: [aMember(), me] }) });
}
