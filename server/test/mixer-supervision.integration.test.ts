import { fork, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { Mixer } from '../src/mixer/Mixer.ts';
import type { RoomMix } from '../src/mixer/RoomMix.ts';
import { FAULTS } from './support/faultyMixerChild.ts';
import { MixEar, speakerOf } from './support/MixEar.ts';

const config = { MIXERS: 1, MIX_BITRATE: 32_000, relayListenAddress: '127.0.0.1' } as const;
const logger = createLogger({ LOG_LEVEL: 'silent' });
const secret = 'a secret of more than thirty-two characters';

/** A process in which rooms can be made to fail. */
function forkFaulty(): ChildProcess {
  return fork(new URL('support/faultyMixerChild.ts', import.meta.url), { execArgv: [], env: {} });
}

/** As when there are no processes or file descriptors left: an error, no process, and never an exit. */
function forkNothing(): ChildProcess {
  return fork('nothing', { execPath: '/nonexistent', execArgv: [], env: {} });
}

/** As when there is no memory left. */
function forkThrows(): ChildProcess {
  throw Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM' });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the supervision of mixers', () => {
  let mixer: Mixer | null = null;
  let ears: MixEar[];
  let socket: Socket;
  let forked: ChildProcess[];
  let fault: (() => ChildProcess) | null;
  beforeEach(() => {
    ears = [];
    forked = [];
    fault = null;
    socket = createSocket('udp4');
  });
  afterEach(async () => {
    mixer?.close();
    mixer = null;
    for (const ear of ears) ear.close();
    socket.close();
    // Whatever happened, no child is left.
    for (const { pid } of forked) if (pid) await vi.waitUntil(() => !isAlive(pid), { timeout: 5000 });
  });

  async function createMixer(MIXERS = 1): Promise<Mixer> {
    mixer = await Mixer.create({
      ...{ config: { ...config, MIXERS }, secret, logger },
      fork: () => {
        const child = (fault ?? forkFaulty)();
        forked.push(child);
        return child;
      },
    });
    return mixer;
  }

  /** A room that mixes silence, which is heard by an ear. */
  async function openRoom(roomId: string): Promise<{ mix: RoomMix; ear: MixEar }> {
    const mix = await mixer!.openRoom(roomId);
    const ear = await MixEar.create();
    ears.push(ear);
    mix.setOutputs([{ port: ear.port, packetMs: 60 }]);
    mix.setMix({ epoch: 1, nodes: [], sound: 'speech' });
    await expect.poll(() => ear.counts.received, { timeout: 5000 }).toBeGreaterThan(0);
    return { mix, ear };
  }

  async function expectMore(ear: MixEar): Promise<void> {
    const { received } = ear.counts;
    await expect.poll(() => ear.counts.received, { timeout: 10_000 }).toBeGreaterThan(received + 2);
  }

  describe.each([
    ['mix', 'while it mixes'],
    ['packet', 'with a packet'],
    ['decoder', 'where a decoder cannot be made'],
  ] as const)('a room that fails (%s)', (place, when) => {
    it(`${when} is opened again, and then given up; other rooms of the process notice nothing`, async () => {
      await createMixer();
      const [pid] = mixer!.pids;
      const { mix: bad } = await openRoom('bad');
      const { ear } = await openRoom('good');
      let reopened = 0;
      bad.on('renumbered', () => reopened++);
      const lost = once(bad, 'lost');
      bad.setSpeakers([{ ...speakerOf('ann', 1), payloadType: FAULTS[place] }]);
      const sending = setInterval(() => socket.send(Buffer.alloc(20, 0x80), bad.port, '127.0.0.1'), 20);
      await lost;
      clearInterval(sending);
      expect(reopened).toBe(3);
      await expect(mixer!.openRoom('bad')).rejects.toThrow('failed too often');
      await expectMore(ear);
      expect(ear.counts).toMatchObject({ restarts: 0 });
      expect(mixer!.pids).toEqual([pid]);
    });
  });

  it('a room that failed once goes on', async () => {
    await createMixer();
    const { mix, ear } = await openRoom('r1');
    const reopened = once(mix, 'renumbered');
    mix.setSpeakers([{ ...speakerOf('ann', 1), payloadType: FAULTS.mix }]);
    await reopened;
    mix.setSpeakers([]);
    await expectMore(ear);
    expect(ear.ports).toEqual(new Set([mix.port]));
  });

  it('rooms are spread over the processes', async () => {
    await createMixer(2);
    for (let room = 0; room < 6; room++) await mixer!.openRoom(`r${room}`);
    const pids = Array.from({ length: 6 }, (_, room) => mixer!.findPid(`r${room}`));
    for (const pid of mixer!.pids) expect(pids.filter((other) => other === pid)).toHaveLength(3);
  });

  it('when a process is killed, only its rooms have a gap', async () => {
    await createMixer(2);
    const [one, two] = [await openRoom('r1'), await openRoom('r2')];
    const pid = mixer!.findPid('r1')!;
    expect(mixer!.findPid('r2')).not.toBe(pid);
    let renumbered = 0;
    two.mix.on('renumbered', () => renumbered++);
    const reopened = once(one.mix, 'renumbered');
    process.kill(pid, 'SIGKILL');
    await reopened;
    await expectMore(one.ear);
    await expectMore(two.ear);
    expect(two.ear.counts).toMatchObject({ restarts: 0 });
    expect(two.ear.counts.received).toBe(two.ear.counts.expected);
    expect(renumbered).toBe(0);
  });

  it('when a process cannot be replaced, its rooms go on with another', async () => {
    await createMixer(2);
    const { ear } = await openRoom('r1');
    const pid = mixer!.findPid('r1')!;
    fault = forkNothing;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => mixer!.pids, { timeout: 5000 }).not.toContain(pid);
    await expect.poll(() => mixer!.pids.includes(mixer!.findPid('r1') ?? 0), { timeout: 5000 }).toBe(true);
    await expectMore(ear);
    expect(mixer!.ready).toBe(true);
  });

  it.each([
    ['has no process to give', forkNothing],
    ['has no memory', forkThrows],
  ])('while the system %s, the mixer is not ready; afterwards its rooms go on', async (_, lack) => {
    await createMixer();
    const { ear } = await openRoom('r1');
    fault = lack;
    process.kill(mixer!.pids[0]!, 'SIGKILL');
    await expect.poll(() => mixer!.pids, { timeout: 5000 }).toEqual([]);
    expect(mixer!.ready).toBe(false);
    expect(mixer!.canTakeRoom).toBe(true);
    expect(mixer!.load).toBe(1);
    fault = null;
    await expectMore(ear);
    expect(mixer!.ready).toBe(true);
  });

  it.each([
    ['has no process to give', forkNothing],
    ['has no memory', forkThrows],
  ])('no mixer is made when the system %s, and none of its processes is left', async (_, lack) => {
    let starts = 0;
    const options = { config: { ...config, MIXERS: 3 }, secret, logger };
    const startTwo = () => {
      const child = ++starts > 2 ? lack() : forkFaulty();
      forked.push(child);
      return child;
    };
    await expect(Mixer.create({ ...options, fork: startTwo })).rejects.toThrow('spawn');
  });

  it('a process that ends at once fails the start', async () => {
    fault = () => fork(new URL('no-such-file.ts', import.meta.url), { execArgv: [], env: {}, silent: true });
    await expect(createMixer()).rejects.toThrow('exit code 1');
  });

  it('says how busy its least busy process is, and that it takes rooms', async () => {
    await createMixer(2);
    await openRoom('r1');
    // The first seconds of a process, in which its code is compiled, may fill a core.
    await expect.poll(() => mixer!.load, { timeout: 10_000 }).toSatisfy((load: number) => load > 0 && load < 1);
    expect(mixer!.canTakeRoom).toBe(true);
  });
});
