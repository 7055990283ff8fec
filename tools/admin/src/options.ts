import { ADMIN_ACTIONS } from '@tribune/shared/admin.ts';
import { defineCommand, text, UsageError, type ValuesOf } from '@tribune/cli';

export const COMMAND = defineCommand({
  name: 'npm run admin --',
  description: 'The hand of the operator: which rooms there are in the cluster, who is in them, and an end to both.',
  options: {
    words: {
      value: 'COMMAND [ROOM [PERSON]]',
      parse: text(),
      positional: true,
      repeatable: true,
      help: '',
    },
    url: {
      value: 'URL',
      parse: text(),
      default: 'http://localhost:3000',
      help: 'where the page or any node of the cluster answers',
    },
    json: { help: 'prints lists as JSON' },
  },
  notes: `Commands:
  rooms                 every open room
  people ROOM [NAME]    who is on stage, has a hand up, listens (with NAME in their name) or is banned
  end ROOM              ends the room, for everybody
  remove ROOM PERSON    sends somebody away, who may come back
  ban ROOM PERSON       sends somebody away for good
  unban ROOM PERSON     lifts a ban

ROOM is the id in the room's address, or the address itself. PERSON is an id as \`people\` shows it.
An id that begins with a hyphen comes after two: \`ban -- ROOM PERSON\`.
The environment has the key: ADMIN_KEY, as the server has it.`,
});

/** What the operator asks for. */
export type Order =
  | { readonly command: 'rooms' }
  | { readonly command: 'people'; readonly roomId: string; readonly name: string }
  | { readonly command: 'end'; readonly roomId: string }
  | { readonly command: 'remove' | 'ban' | 'unban'; readonly roomId: string; readonly userId: string };

/** @throws {UsageError} */
export function orderOf({ words }: ValuesOf<typeof COMMAND>): Order {
  const [command, room, ...rest] = words;
  if (command === undefined) throw new UsageError('say what to do, such as `rooms`');
  if (command === 'rooms') return onlyWith(words, 1, { command });
  const action = ADMIN_ACTIONS.find((known) => known === command);
  if (!action && command !== 'people') throw new UsageError(`there is no command '${command}'`);
  if (room === undefined) throw new UsageError(`${command} needs a ROOM`);
  const roomId = roomIdOf(room);
  if (!action) return { command: 'people', roomId, name: rest.join(' ') };
  if (action === 'end') return onlyWith(words, 2, { command: action, roomId });
  const [userId] = rest;
  if (userId === undefined) throw new UsageError(`${command} needs a ROOM and a PERSON`);
  return onlyWith(words, 3, { command: action, roomId, userId });
}

function onlyWith(words: readonly string[], count: number, order: Order): Order {
  if (words.length > count) throw new UsageError(`unknown argument '${words[count]}'`);
  return order;
}

/** People copy the address of a room. */
function roomIdOf(given: string): string {
  return /\/r\/([\w-]+)/.exec(given)?.[1] ?? given;
}
