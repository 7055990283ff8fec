import type { ReactNode } from 'react';
import { expect, it } from 'vitest';
import { FakeRoomClient } from '../../dev/FakeRoomClient.ts';
import * as make from '../../dev/fixtures.ts';
import { called, renderRoom } from '../../dev/renderRoom.tsx';
import { HomeView } from '../home/HomeView.tsx';
import type { RoomView } from '../state/types.ts';
import PeopleDialog from './audience/PeopleDialog.tsx';
import { ReplayView } from '../replay/ReplayView.tsx';
import { EndedView } from './endings/EndedView.tsx';
import { LobbyView } from './entry/LobbyView.tsx';
import { RoomScreen } from './RoomScreen.tsx';

const host = { userId: 'noa', name: 'נועה (מנחה)' };
const guest = { userId: 'sara', name: 'سارا ۱!' };
const stage = [make.member(host, 'host'), make.member(guest, 'speaker')];
const room = make.roomInfo({ title: 'שאלות (2026)?', description: 'ערב אחד, כולל שאלות.', host, speakers: stage });
const changes: Partial<RoomView> = { room, state: make.roomState({ stage }), hands: [guest], faces: [guest] };
const people = { 'audience:list': () => Promise.resolve({ people: [guest], total: 1 }) };
const waiting = { ...room, phase: 'backstage' } as const;

const recording = {
  ...({ id: 'room-0001', title: room.title, host, language: 'he', state: 'ready', visibility: 'unlisted' } as const),
  ...{ startedAt: 0, mayEdit: true, soFar: null },
  replay: {
    ...{
      durationMs: 60_000,
      audio: '/audio.mp4',
      ogg: '/audio.ogg',
      people: [host, guest],
      levels: [3],
      levelMs: 60_000,
    },
    ...{ turns: [{ person: 0, fromMs: 0, toMs: 20_000 }], gaps: [], chapters: [], hls: null, reactions: [] },
  },
} as const;
const inside = <RoomScreen onWayOut={called()} />;
const PAGES: Readonly<Record<string, { readonly page: ReactNode; readonly view?: RoomView }>> = {
  home: { page: <HomeView rooms={{ kind: 'ready', value: [room] }} onRetry={called()} onCreate={called()} /> },
  lobby: { page: <LobbyView room={room} isHost={false} initialName="" entering={false} onEnter={called()} /> },
  waiting: {
    page: inside,
    view: make.roomView({ ...changes, room: waiting, state: make.roomState({ phase: 'backstage', stage }) }),
  },
  'live, as the host': { page: inside, view: make.hostView({ ...changes, self: make.selfOf(host, 'host') }) },
  'an invitation': {
    page: inside,
    view: make.roomView({ ...changes, self: make.selfOf(guest, 'listener', { invitedBy: host.name }) }),
  },
  people: { page: <PeopleDialog onClose={called()} />, view: make.hostView(changes) },
  replay: { page: <ReplayView recording={recording} replay={recording.replay} onChanged={called()} /> },
  ended: { page: <EndedView room={{ ...room, phase: 'ended', endedAt: Date.now() }} /> },
};

/** Text from right to left that neither its element nor an isolate keeps apart from its neighbours. */
function unguarded(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  while (walker.nextNode()) {
    const { textContent, parentElement } = walker.currentNode;
    const text = textContent ?? '';
    if (!/[\u0590-\u06ff]/.test(text) || text.includes('\u2068')) continue;
    if (parentElement?.dir !== 'auto' && !parentElement?.closest('[aria-hidden]')) found.push(text);
  }
  return found;
}

it.each(Object.entries(PAGES))('text from right to left keeps to itself: %s', async (_, { page, view }) => {
  renderRoom(new FakeRoomClient(view ?? make.roomView(), people), page);
  await expect.poll(() => /[\u0590-\u06ff]/.test(document.body.textContent)).toBe(true);
  expect(unguarded()).toEqual([]);
});
