import type { RoomHealthInfo } from '@tribune/shared/protocol.ts';
import { useEffect, type ReactNode } from 'react';
import type { RoomView } from '../src/state/types.ts';
import CreateRoomDialog from '../src/home/CreateRoomDialog.tsx';
import { HomeView } from '../src/home/HomeView.tsx';
import { RoomClientContext } from '../src/hooks/useRoomClient.ts';
import type { Problem } from '../src/i18n/problems.ts';
import { ClosedView } from '../src/room/endings/ClosedView.tsx';
import { EndedView } from '../src/room/endings/EndedView.tsx';
import HealthDialog from '../src/room/dialogs/HealthDialog.tsx';
import { LobbyView } from '../src/room/entry/LobbyView.tsx';
import { RoomScreen } from '../src/room/RoomScreen.tsx';
import { LobbySkeleton, RoomSkeleton } from '../src/room/entry/RoomSkeleton.tsx';
import { FakeRoomClient } from './FakeRoomClient.ts';
import * as make from './fixtures.ts';

const nothing = () => {};

const rooms = [
  make.roomInfo(),
  make.roomInfo({
    id: 'ro0m-fixture-2',
    title: 'Lire ensemble : le premier chapitre de « La Vague »',
    description: '',
    language: 'fr',
    host: make.boris,
    speakers: [make.boris, make.chen],
    listeners: 37,
  }),
  make.roomInfo({
    id: 'ro0m-fixture-3',
    title: 'Night shift: nurses talk',
    description: 'No slides, no agenda. Come in, listen, leave when you must.',
    host: make.dalia,
    speakers: make.crowd.slice(4, 8),
    listeners: 18_400,
  }),
  make.roomInfo({
    id: 'ro0m-fixture-4',
    title: 'Ask the election office anything',
    phase: 'backstage',
    startedAt: null,
    host: make.chen,
    speakers: [make.chen],
    listeners: 212,
  }),
];

/** A room that lives a little: someone speaks, reactions come, the level moves. */
function Room({ view, lively = true }: { readonly view: RoomView; readonly lively?: boolean }) {
  const client = new FakeRoomClient(view);
  return (
    <RoomClientContext value={client}>
      <Life client={client} lively={lively} />
      <RoomScreen onWayOut={nothing} />
    </RoomClientContext>
  );
}

function Life({ client, lively }: { readonly client: FakeRoomClient; readonly lively: boolean }) {
  useEffect(() => {
    client.speak(make.ada.userId, lively);
    const react = () => lively && client.pulse({ clap: 5, heart: 3, laugh: 1, fire: 2 });
    setTimeout(react, 300);
    const levels = setInterval(() => client.level(0.35 + Math.random() * 0.4), 100);
    return () => clearInterval(levels);
  }, [client, lively]);
  return null;
}

const backstage = {
  room: make.roomInfo({ phase: 'backstage', startedAt: null }),
  state: make.roomState({ phase: 'backstage', startedAt: null, stage: make.stage.slice(0, 3) }),
  listeners: 48,
} as const;

const micCheck = make.roomView({
  ...backstage,
  self: make.selfOf(make.chen, 'speaker'),
  microphone: { kind: 'off' },
});

const manyOnStage = [
  ...make.stage.slice(0, 4),
  ...make.crowd.slice(10, 19).map((who, index) => make.member(who, 'speaker', { muted: index % 2 === 0 })),
];

/** Opens the check as the room does, then shows what the browser answered. */
function MicCheck({ microphone }: { readonly microphone: RoomView['microphone'] }) {
  const client = new FakeRoomClient(micCheck);
  useEffect(() => {
    setTimeout(() => client.set({ microphone }), 50);
  });
  return (
    <RoomClientContext value={client}>
      <Life client={client} lively={false} />
      <RoomScreen onWayOut={nothing} />
    </RoomClientContext>
  );
}

/** The room's menu opens it for its host. */
function Health({ health }: { readonly health: RoomHealthInfo }) {
  const client = new FakeRoomClient(make.hostView(), { 'room:health': () => Promise.resolve(health) });
  return (
    <RoomClientContext value={client}>
      <RoomScreen onWayOut={nothing} />
      <HealthDialog onClose={nothing} />
    </RoomClientContext>
  );
}

export const SCENES: Readonly<Record<string, () => ReactNode>> = {
  home: () => <HomeView rooms={{ kind: 'ready', value: rooms }} onRetry={nothing} onCreate={nothing} />,
  'home-empty': () => <HomeView rooms={{ kind: 'ready', value: [] }} onRetry={nothing} onCreate={nothing} />,
  'home-loading': () => <HomeView rooms={{ kind: 'loading' }} onRetry={nothing} onCreate={nothing} />,
  'home-failed': () => (
    <HomeView rooms={{ kind: 'failed', problem: 'UNAVAILABLE' }} onRetry={nothing} onCreate={nothing} />
  ),
  create: () => (
    <>
      <HomeView rooms={{ kind: 'ready', value: rooms }} onRetry={nothing} onCreate={nothing} />
      <CreateRoomDialog onClose={nothing} />
    </>
  ),
  lobby: () => <LobbyView room={make.roomInfo()} isHost={false} initialName="" entering={false} onEnter={nothing} />,
  'lobby-host': () => (
    <LobbyView room={backstage.room} isHost initialName="Ada Lovelace" entering={false} onEnter={nothing} />
  ),
  'lobby-loading': () => <LobbySkeleton />,
  entering: () => <RoomSkeleton />,
  waiting: () => <Room view={make.roomView(backstage)} />,
  'backstage-host': () => <Room view={make.hostView({ ...backstage, hands: [] })} />,
  'backstage-speaker': () => (
    <Room
      view={make.roomView({ ...backstage, self: make.selfOf(make.chen, 'speaker'), microphone: make.liveMicrophone })}
    />
  ),
  'live-host': () => <Room view={make.hostView()} />,
  'live-host-alone': () => (
    <Room
      view={make.hostView({
        state: make.roomState({ stage: make.stage.slice(0, 1) }),
        hands: [],
        faces: [],
        listeners: 0,
        microphone: { kind: 'live', muted: true, speakingWhileMuted: true },
      })}
    />
  ),
  'live-many': () => (
    <Room view={make.hostView({ state: make.roomState({ stage: manyOnStage, locked: true, handCount: 3 }) })} />
  ),
  health: () => <Health health={make.roomHealth()} />,
  'health-early': () => (
    <Health
      health={make.roomHealth({
        listeners: [3],
        reactions: [0],
        quality: { ...make.roomHealth().quality, reports: 0 },
      })}
    />
  ),
  'live-listener': () => <Room view={make.roomView()} />,
  'live-hand': () => (
    <Room
      view={make.roomView({
        self: make.selfOf(make.person('Nina Park'), 'listener', { handPlace: 3 }),
        listeners: 48_210,
        quality: 'weak',
      })}
    />
  ),
  invited: () => (
    <Room
      view={make.roomView({ self: make.selfOf(make.person('Nina Park'), 'listener', { invitedBy: 'Ada Lovelace' }) })}
    />
  ),
  'mic-check': () => <MicCheck microphone={{ kind: 'checking' }} />,
  'mic-denied': () => <MicCheck microphone={{ kind: 'failed', problem: 'denied' }} />,
  blocked: () => <Room view={make.roomView({ playback: 'blocked' })} />,
  resuming: () => (
    <Room view={make.roomView({ connection: { kind: 'resuming', cause: 'server', attempt: 2 }, quality: 'lost' })} />
  ),
  ended: () => <EndedView room={make.roomInfo({ phase: 'ended', endedAt: Date.now() })} />,
};

export function closedScene(reason: Problem): ReactNode {
  return <ClosedView reason={reason} onWayOut={nothing} />;
}
