import type { AdminPeople } from '@tribune/shared/admin.ts';
import { EXIT_FAILED, runCommand, UsageError } from '@tribune/cli';
import { ApiClient, ApiError } from '@tribune/shared/ApiClient.ts';
import type { RoomInfo } from '@tribune/shared/domain.ts';
import { formatPeople, formatRooms } from './format.ts';
import { COMMAND, orderOf, type Order } from './options.ts';

process.exitCode = await runCommand(COMMAND, process.argv.slice(2), async (values) => {
  const order = orderOf(values);
  const key = process.env.ADMIN_KEY;
  if (!key) throw new UsageError('ADMIN_KEY is not set: the environment has to have the key of the server');
  const origin = originOf(values.url);
  try {
    console.log(await carryOut(order, new ApiClient(origin, key), values.json));
    return 0;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    console.error(explain(error, origin));
    return EXIT_FAILED;
  }
});

async function carryOut(order: Order, api: ApiClient, json: boolean): Promise<string> {
  if (order.command === 'rooms') {
    const { rooms } = await api.call<{ rooms: RoomInfo[] }>('GET', '/api/admin/rooms');
    return json ? JSON.stringify(rooms, null, 2) : formatRooms(rooms);
  }
  const path = `/api/admin/rooms/${encodeURIComponent(order.roomId)}`;
  if (order.command === 'people') {
    const query = order.name ? `?query=${encodeURIComponent(order.name)}` : '';
    const people = await api.call<AdminPeople>('GET', `${path}/people${query}`);
    return json ? JSON.stringify(people, null, 2) : formatPeople(people);
  }
  await api.call('POST', `${path}/${order.command}`, 'userId' in order ? { userId: order.userId } : {});
  return 'Done.';
}

function explain({ code, message }: ApiError, origin: string): string {
  if (code === 'UNAUTHENTICATED') return 'The server has another ADMIN_KEY.';
  if (code === 'NOT_FOUND' && message === 'There is nothing here')
    return `The server at ${origin} has no ADMIN_KEY, or is too old to have one.`;
  return `${message} (${code})`;
}

/** @throws {UsageError} where the key would be read by everyone on the way */
function originOf(url: string): string {
  if (!URL.canParse(url)) throw new UsageError('--url has to be like https://tribune.example.org');
  const { protocol, hostname, origin, pathname } = new URL(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && isPrivate(hostname)))
    throw new UsageError('--url has to be https, or http at a private address: the key would travel in the clear');
  return origin + pathname.replace(/\/+$/, '');
}

function isPrivate(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\..+|10\..+|192\.168\..+|172\.(1[6-9]|2\d|3[01])\..+|\[::1\]|\[f[cd].+\])$/.test(
    hostname,
  );
}
