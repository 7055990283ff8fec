import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UsageError } from '@tribune/cli';
import { Coordinator } from './Coordinator.ts';
import { isJoin, JOIN_COMMAND, joinOptionsOf } from './joinOptions.ts';
import { joinRun } from './joinRun.ts';
import { offsetOf } from './offset.ts';

const KEY = 'a key that both know';
const never = new AbortController().signal;
let coordinator: Coordinator;

afterEach(() => coordinator?.close());

async function start(): Promise<Coordinator> {
  coordinator = await Coordinator.create({ port: 0, key: KEY });
  return coordinator;
}

function options({ port }: Coordinator, key = KEY) {
  return { host: '127.0.0.1', port, key, processes: 1, ownHost: false };
}

describe('a machine that joins', () => {
  it('is taken with the right key, and its clock is known', async () => {
    const { gather, machines } = bind(await start());
    const joined = joinRun(options(coordinator), () => undefined, never);
    await gather(1);
    expect(machines()).toEqual([
      { name: expect.any(String), cores: expect.any(Number), processes: 1, offsetMs: expect.any(Number) },
    ]);
    // Both are this machine.
    expect(Math.abs(machines()[0]!.offsetMs)).toBeLessThan(50);
    coordinator.close();
    await joined;
  });

  it('is turned away with another key, and told so', async () => {
    await start();
    await expect(joinRun(options(coordinator, 'some other key'), () => undefined, never)).rejects.toThrow(
      /another key/,
    );
    expect(coordinator.machines).toEqual([]);
  });

  it('runs its own processes, and answers what they are asked', async () => {
    const { gather } = bind(await start());
    const joined = joinRun(options(coordinator), () => undefined, never);
    await gather(1);
    const [process] = coordinator.createProcesses(() => undefined);
    await expect(process!.rpc.count()).resolves.toMatchObject({ arrived: 0, joined: 0 });
    await expect(process!.rpc.arrive([0])).rejects.toThrow('Nobody has been created yet');
    await process!.close();
    await joined;
  });

  it('may load only what the person at it vouches for, whatever the coordinator says', async () => {
    const { gather } = bind(await start());
    const joined = joinRun(options(coordinator), () => undefined, never);
    await gather(1);
    const [process] = coordinator.createProcesses(() => undefined);
    const plans = [{ kind: { isFull: true, slow: null, seed: 1 }, room: 0 }];
    const request = { origin: 'http://192.0.2.1', ownHost: true, roomIds: ['room'], plans };
    await process!.rpc.create(request);
    await process!.rpc.arrive([0]);
    const { listeners } = await process!.rpc.results();
    expect(listeners[0]?.state.kind).toBe('failed');
    await process!.close();
    await joined;
  });

  it('is missed when it goes', async () => {
    const { gather } = bind(await start());
    const stop = new AbortController();
    const joined = joinRun(options(coordinator), () => undefined, stop.signal);
    await gather(1);
    const lost = Promise.withResolvers<string>();
    const [process] = coordinator.createProcesses((why) => lost.resolve(why));
    stop.abort();
    await joined;
    expect(await lost.promise).toMatch(/the machine .* is gone/);
    expect(process!.isAlive).toBe(false);
    await expect(process!.rpc.count()).rejects.toThrow('closed');
  });
});

describe('a coordinator', () => {
  it.each([
    ['too long to be one', Buffer.from('ffffffff', 'hex')],
    ['no message at all', Buffer.from('00000003414141', 'hex')],
  ])('hangs up when it is sent something that is %s', async (_what, bytes) => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.resume().on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(bytes);
    await once(socket, 'close');
    expect(coordinator.machines).toEqual([]);
  });

  it('stops waiting when it is told to', async () => {
    await start();
    const stop = new AbortController();
    const gathered = coordinator.gather(1, () => undefined, stop.signal);
    stop.abort('enough');
    await expect(gathered).rejects.toBe('enough');
  });
});

describe('another clock', () => {
  it('is compared through the quickest answer, in whose middle it was read', () => {
    const quick = { sentMs: 100, receivedMs: 102, clockMs: 601 };
    const slow = { sentMs: 100, receivedMs: 300, clockMs: 601 };
    expect(offsetOf([slow, quick, slow])).toBe(500);
  });
});

const parseJoin = (args: readonly string[]) => joinOptionsOf(JOIN_COMMAND.parse(args)!);

describe('--join', () => {
  it('has an address, a key, and a person who vouches for the server', () => {
    const given = ['--join', 'lab-1:7000', '--key', 'secret', '--processes', '3', '--i-own-this-host'];
    expect(parseJoin(given)).toEqual({ host: 'lab-1', port: 7000, key: 'secret', processes: 3, ownHost: true });
    expect(parseJoin(['--join=[::1]:7000', '--key', 'secret'])).toMatchObject({ host: '::1', port: 7000 });
    expect(isJoin(['--join=[::1]:7000'])).toBe(true);
    expect(isJoin(['--listeners', '5'])).toBe(false);
  });

  it.each([
    '--join lab-1 --key secret',
    '--join lab-1:99999 --key secret',
    '--join lab-1:7000',
    '--join a:1 --key k --rate 5',
  ])('refuses %s in words', (text) => expect(() => parseJoin(text.split(' '))).toThrow(UsageError));
});

function bind(of: Coordinator) {
  return {
    gather: async (count: number) => of.gather(count, () => undefined, never),
    machines: () => of.machines,
  };
}
