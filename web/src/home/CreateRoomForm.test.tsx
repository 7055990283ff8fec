import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { recorded, renderPage } from '../../dev/renderRoom.tsx';
import { CreateRoomForm } from './CreateRoomForm.tsx';

function show() {
  const onSubmit = recorded();
  return { onSubmit, ...renderPage(<CreateRoomForm initialName="Ada" initialLanguage="fr" onSubmit={onSubmit} />) };
}

it('a title is all that a host has to write', async () => {
  const { onSubmit, user } = show();
  await user.type(screen.getByLabelText('What is it about?'), 'Power');
  await user.click(screen.getByRole('button', { name: 'Open backstage' }));
  expect(onSubmit).toHaveBeenCalledWith({
    name: 'Ada',
    title: 'Power',
    description: '',
    language: 'fr',
    speakerLimit: 13,
    sound: 'speech',
  });
});

it('a room can be made for music, and as a broadcast', async () => {
  const { onSubmit, user } = show();
  await user.type(screen.getByLabelText('What is it about?'), 'Quartet');
  await user.selectOptions(screen.getByLabelText('Sound'), 'Music');
  await user.selectOptions(screen.getByLabelText('Audience'), 'Broadcast');
  await user.click(screen.getByRole('button', { name: 'Open backstage' }));
  expect(onSubmit).toHaveBeenCalledWith(expect.objectContaining({ sound: 'music', broadcast: true }));
});

it('what is missing is said at the field, which gets the focus', async () => {
  const { onSubmit, user } = show();
  await user.click(screen.getByRole('button', { name: 'Open backstage' }));
  const title = screen.getByLabelText('What is it about?');
  expect(document.activeElement).toBe(title);
  expect(title.getAttribute('aria-invalid')).toBe('true');
  expect(screen.getByText('Please give the room a title.').id).toBe(title.getAttribute('aria-describedby'));
  expect(onSubmit).not.toHaveBeenCalled();
});

it('a stage has from 1 to 50 people', async () => {
  const { onSubmit, user } = show();
  await user.type(screen.getByLabelText('What is it about?'), 'Power');
  await user.clear(screen.getByLabelText('Maximum on stage'));
  await user.type(screen.getByLabelText('Maximum on stage'), '51');
  await user.click(screen.getByRole('button', { name: 'Open backstage' }));
  expect(screen.getByText('Choose a number from 1 to 50.')).toBeTruthy();
  expect(onSubmit).not.toHaveBeenCalled();
});
