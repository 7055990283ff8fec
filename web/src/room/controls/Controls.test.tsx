import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FakeRoomClient } from '../../../dev/FakeRoomClient.ts';
import * as make from '../../../dev/fixtures.ts';
import { called, recorded, renderRoom } from '../../../dev/renderRoom.tsx';
import { saveShortcutsOn } from '../../settings/shortcuts.ts';
import { Controls } from './Controls.tsx';

const muted = { kind: 'live', muted: true, speakingWhileMuted: false } as const;

function show(view = make.roomView(), actions = {}) {
  const client = new FakeRoomClient(view, actions);
  const onDialog = called();
  return { client, onDialog, ...renderRoom(client, <Controls onDialog={onDialog} />) };
}

describe('for a listener', () => {
  it('there is a hand to raise, and no microphone', () => {
    show();
    expect(screen.getByRole('button', { name: 'Raise hand' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: /mute|microphone/i })).toBeNull();
    expect(screen.queryByRole('button', { name: 'People' })).toBeNull();
  });

  it('a raised hand shows its place in line and can be lowered', async () => {
    const lowerHand = recorded();
    const self = make.selfOf(make.person('Nina'), 'listener', { handPlace: 3 });
    const { user } = show(make.roomView({ self }), { 'hand:lower': lowerHand });
    await user.click(screen.getByRole('button', { name: 'Lower hand Number 3 in line' }));
    expect(lowerHand).toHaveBeenCalledOnce();
  });

  it('a locked stage takes no new hands', async () => {
    const raiseHand = recorded();
    const { user } = show(make.roomView({ state: make.roomState({ locked: true }) }), { 'hand:raise': raiseHand });
    await user.click(screen.getByRole('button', { name: 'Raise hand Stage locked' }));
    expect(raiseHand).not.toHaveBeenCalled();
  });

  it('Leave leaves at once', async () => {
    const { client, user } = show();
    await user.click(screen.getByRole('button', { name: 'Leave' }));
    expect(client.asked).toEqual(['leave']);
  });

  it('reactions are in a tray that Escape closes', async () => {
    const { client, user } = show();
    await user.click(screen.getByRole('button', { name: 'React' }));
    await user.click(screen.getByRole('button', { name: 'Applause' }));
    expect(client.asked).toEqual(['react clap']);
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('button', { name: 'Applause' })).toBeNull();
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'React' }));
  });
});

describe('for the host', () => {
  it('Leave asks whether to end the room too', async () => {
    const { client, onDialog, user } = show(make.hostView());
    await user.click(screen.getByRole('button', { name: 'Leave' }));
    expect(onDialog).toHaveBeenCalledWith('leave');
    expect(client.asked).toEqual([]);
  });

  it('there is a microphone, the people, and no hand', () => {
    show(make.hostView());
    expect(screen.getByRole('button', { name: 'Mute' })).toBeTruthy();
    expect(screen.getByRole('button', { name: 'People' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Raise hand' })).toBeNull();
  });

  it('a microphone that is off is turned on through the check', async () => {
    const { onDialog, user } = show(make.hostView({ microphone: { kind: 'off' } }));
    await user.click(screen.getByRole('button', { name: 'Turn on microphone' }));
    expect(onDialog).toHaveBeenCalledWith('microphone');
  });

  it('whoever the server has muted is shown as muted', () => {
    const stage = [make.member(make.ada, 'host', { muted: true })];
    show(make.hostView({ state: make.roomState({ stage }) }));
    expect(screen.getByRole('button', { name: 'Unmute' })).toBeTruthy();
  });

  it('speaking while muted is answered by an alert', () => {
    show(make.hostView({ microphone: { ...muted, speakingWhileMuted: true } }));
    expect(screen.getByText(/You’re muted/).getAttribute('role')).toBe('alert');
  });
});

describe('keys', () => {
  it('M mutes and unmutes', async () => {
    const { client, user } = show(make.hostView());
    await user.keyboard('m');
    client.set({ microphone: muted });
    await user.keyboard('m');
    expect(client.asked).toEqual(['mute', 'unmute']);
  });

  it('holding Space talks while muted, and letting go mutes again', () => {
    const { client } = show(make.hostView({ microphone: muted }));
    fireEvent.keyDown(document.body, { code: 'Space', key: ' ' });
    fireEvent.keyDown(document.body, { code: 'Space', key: ' ', repeat: true });
    expect(client.asked).toEqual(['unmute']);
    fireEvent.keyUp(document.body, { code: 'Space', key: ' ' });
    expect(client.asked).toEqual(['unmute', 'mute']);
  });

  it('Space does not mute whoever is not muted', () => {
    const { client } = show(make.hostView());
    fireEvent.keyDown(document.body, { code: 'Space', key: ' ' });
    fireEvent.keyUp(document.body, { code: 'Space', key: ' ' });
    expect(client.asked).toEqual([]);
  });

  it('Space on a focused button presses that button', async () => {
    const { client, onDialog, user } = show(make.hostView({ microphone: muted }));
    screen.getByRole('button', { name: 'People' }).focus();
    await user.keyboard(' ');
    expect(onDialog).toHaveBeenCalledWith('people');
    expect(client.asked).toEqual([]);
  });

  it('losing the window while holding Space mutes again', () => {
    const { client } = show(make.hostView({ microphone: muted }));
    fireEvent.keyDown(document.body, { code: 'Space', key: ' ' });
    fireEvent.blur(window);
    expect(client.asked).toEqual(['unmute', 'mute']);
  });

  it('typing an m in a field does not mute', async () => {
    const { client, user } = show(make.hostView());
    const field = document.createElement('input');
    document.body.append(field);
    await user.type(field, 'mmm ');
    field.remove();
    expect(client.asked).toEqual([]);
  });

  it('the keys are where they are on the keyboard, whatever alphabet it types', () => {
    const raiseHand = recorded();
    const { onDialog } = show(make.roomView(), { 'hand:raise': raiseHand });
    fireEvent.keyDown(document.body, { key: 'р', code: 'KeyH' });
    expect(raiseHand).toHaveBeenCalledOnce();
    fireEvent.keyDown(document.body, { key: '؟', code: 'Slash', shiftKey: true });
    expect(onDialog).toHaveBeenCalledWith('shortcuts');
  });

  it('a Latin letter counts as what is printed on it', () => {
    const { client } = show(make.hostView({ microphone: make.liveMicrophone }));
    fireEvent.keyDown(document.body, { key: 'm', code: 'Semicolon' });
    fireEvent.keyDown(document.body, { key: ',', code: 'KeyM' });
    expect(client.asked).toEqual(['mute']);
  });

  it('no key does anything once they are turned off', () => {
    saveShortcutsOn(false);
    const { client, onDialog } = show(make.hostView({ microphone: muted }));
    for (const [key, code] of [
      ['m', 'KeyM'],
      [' ', 'Space'],
      ['?', 'Slash'],
    ]) {
      fireEvent.keyDown(document.body, { key, code });
      fireEvent.keyUp(document.body, { key, code });
    }
    saveShortcutsOn(true);
    expect(client.asked).toEqual([]);
    expect(onDialog).not.toHaveBeenCalled();
  });

  it('H raises the hand and ? opens the help', async () => {
    const raiseHand = recorded();
    const { onDialog, user } = show(make.roomView(), { 'hand:raise': raiseHand });
    await user.keyboard('h?');
    expect(raiseHand).toHaveBeenCalledOnce();
    expect(onDialog).toHaveBeenCalledWith('shortcuts');
  });
});
