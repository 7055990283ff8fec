import type { RoomHealthInfo } from '@tribune/shared/protocol.ts';
import type { Person, RoomInfo, RoomState, SelfState, StageMember, StageRole } from '@tribune/shared/domain.ts';
import type { RoomView } from '../src/state/types.ts';

/** Static snapshots for the gallery and the tests of views. */

const MINUTE_MS = 60_000;

export function person(name: string): Person {
  return { userId: `user-${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`, name };
}

export const ada = person('Ada Lovelace');
export const boris = person('Boris Vian');
export const chen = person('Chen Wei');
export const dalia = person('Dalia Haddad');
export const emil = person('Émil');

const CROWD = [
  'Fatou Ndiaye', 'Georg', 'Hana Sato', 'Inès Moreau', 'João Prado', 'Kofi', 'Lena Vogt', 'Marek', 'Nour', 'Olga P',
  'Paula', 'Quentin', 'Rosa Diaz', 'Samir', 'Tove', 'Ugo', 'Vera Lind', 'Wout', 'Ximena', 'Yara', 'Zoé', 'Amit', 'Bea',
  'Carl', 'Dina', 'Enzo', 'Fay', 'Gus', 'Hugo', 'Ida',
]; // prettier-ignore
export const crowd: readonly Person[] = CROWD.map(person);

export function member(who: Person, role: StageRole, changes: Partial<StageMember> = {}): StageMember {
  return { ...who, role, muted: false, away: false, since: Date.now() - 20 * MINUTE_MS, ...changes };
}

export const stage: readonly StageMember[] = [
  member(ada, 'host'),
  member(boris, 'cohost', { muted: true }),
  member(chen, 'speaker'),
  member(dalia, 'speaker', { muted: true }),
  member(emil, 'speaker', { away: true }),
];

export function roomInfo(changes: Partial<RoomInfo> = {}): RoomInfo {
  return {
    id: 'ro0m-fixture-1',
    title: 'Can a town of 9,000 run on its own power?',
    description: 'Three people who tried, one who stopped, and your questions for all of them.',
    language: 'en',
    speakerLimit: 13,
    phase: 'live',
    host: ada,
    createdAt: Date.now() - 40 * MINUTE_MS,
    startedAt: Date.now() - 32 * MINUTE_MS,
    endedAt: null,
    isRecorded: false,
    listeners: 1204,
    speakers: stage,
    ...changes,
  };
}

export function roomState(changes: Partial<RoomState> = {}): RoomState {
  return {
    seq: 1,
    phase: 'live',
    locked: false,
    sound: 'speech',
    speakerLimit: 13,
    stage,
    handCount: 0,
    startedAt: Date.now() - 32 * MINUTE_MS,
    endedAt: null,
    recordingPolicy: 'allowed',
    recording: false,
    ...changes,
  };
}

export function selfOf(who: Person, role: SelfState['role'], changes: Partial<SelfState> = {}): SelfState {
  return { ...who, role, handPlace: null, invitedBy: null, ...changes };
}

/** A listener in a live room. */
export function roomView(changes: Partial<RoomView> = {}): RoomView {
  return {
    connection: { kind: 'joined' },
    room: roomInfo(),
    state: roomState(),
    self: selfOf(person('Nina Park'), 'listener'),
    listeners: 1204,
    faces: crowd.slice(0, 21),
    hands: [],
    endsInS: null,
    microphone: { kind: 'off' },
    microphoneOptions: { deviceId: null, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    playback: 'playing',
    quality: 'good',
    plane: { kind: 'webrtc' },
    ...changes,
  };
}

export const liveMicrophone = { kind: 'live', muted: false, speakingWhileMuted: false } as const;

/** The host of a live room with three hands up. */
export function hostView(changes: Partial<RoomView> = {}): RoomView {
  return roomView({
    self: selfOf(ada, 'host'),
    hands: crowd.slice(0, 3),
    state: roomState({ handCount: 3 }),
    microphone: liveMicrophone,
    ...changes,
  });
}

/** An evening that fills up, with applause now and then. */
export function roomHealth(changes: Partial<RoomHealthInfo> = {}): RoomHealthInfo {
  const samples = Array.from({ length: 192 }, (_, i) => i);
  return {
    at: Date.now(),
    everyS: 10,
    listeners: samples.map((i) => Math.round(1204 * (1 - Math.exp(-i / 40)) + 24 * Math.sin(i / 5))),
    reactions: samples.map((i) => (i % 48 > 42 ? (i % 48) * 3 : i % 5)),
    quality: {
      reports: 412,
      weak: 9,
      ttfaMs: { median: 480, p95: 1130 },
      rttMs: { median: 38, p95: 162 },
      lossPct: { median: 0, p95: 0.8 },
      jitterMs: { median: 3.1, p95: 14.6 },
    },
    ...changes,
  };
}
