import { expect, it } from 'vitest';
import { choosePhase } from './choosePhase.ts';

/** How many rooms have each phase, when so many were opened. */
function phasesOf(rooms: number, phases: number): number[] {
  const taken: number[] = [];
  for (let room = 0; room < rooms; room++) taken.push(choosePhase(taken, phases));
  return Array.from({ length: phases }, (_, phase) => taken.filter((other) => other === phase).length);
}

it('a few rooms are mixed together', () => {
  expect(phasesOf(8, 3)).toEqual([8, 0, 0]);
  expect(phasesOf(10, 3)).toEqual([8, 2, 0]);
});

it('many rooms are spread evenly over the frames of a packet', () => {
  expect(phasesOf(90, 3)).toEqual([30, 30, 30]);
  expect(phasesOf(90, 1)).toEqual([90]);
});

it('a room takes the place of one that was closed', () => {
  expect(
    choosePhase([...Array<number>(30).fill(0), ...Array<number>(29).fill(1), ...Array<number>(30).fill(2)], 3),
  ).toBe(1);
});
