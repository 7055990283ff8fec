import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Relay, type RelayOptions } from './Relay.ts';
import { writeRtp } from '@tribune/shared/rtp.ts';
import type { IceCandidate } from './sdp.ts';

/** Both ends are sockets on this machine; the relay is between. */

let server: Socket;
let client: Socket;
let relay: Relay | null;
let port: number;

const stun = Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
const senderReport = Buffer.from([0x80, 200, 0, 6, ...Array<number>(24).fill(1)]);
const audio = writeRtp({
  ...{ payloadType: 100, sequenceNumber: 7, timestamp: 960, ssrc: 5, marker: false },
  payload: Uint8Array.of(0x48, 1),
});

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Opens the relay and lets it know both ends; `reply` sends as the server does. */
async function open(options: Partial<RelayOptions> = {}) {
  const { port: serverPort } = server.address();
  const given = { foundation: 'udp', priority: 1, ip: '127.0.0.1', port: serverPort, protocol: 'udp', type: 'host' };
  relay = await Relay.open(given as IceCandidate, { onInflicted: () => undefined, ...options });
  port = relay.candidateFor(given as IceCandidate).port;
  const heard = once(server, 'message');
  client.send(stun, port, '127.0.0.1');
  const [packet, from] = (await heard) as [Buffer, { port: number }];
  expect(packet).toEqual(stun);
  return { reply: (bytes: Buffer) => server.send(bytes, from.port, '127.0.0.1') };
}

beforeEach(async () => {
  [server, client] = [await bind(), await bind()];
});

afterEach(() => {
  relay?.close();
  relay = null;
  server.close();
  client.close();
});

describe('a relay', () => {
  it('keeps audio that is counted, and passes everything else on as it is', async () => {
    const counted: Buffer[] = [];
    const { reply } = await open({ onAudio: (packet) => counted.push(packet) });
    const passed: Buffer[] = [];
    client.on('message', (packet) => passed.push(packet));
    for (const packet of [audio, senderReport, audio, stun]) reply(packet);
    await vi.waitFor(() => expect(passed).toEqual([senderReport, stun]));
    expect(counted).toEqual([audio, audio]);
  });

  it('passes audio on too where nobody takes it out', async () => {
    const { reply } = await open();
    const heard = once(client, 'message');
    reply(audio);
    expect((await heard)[0]).toEqual(audio);
  });

  it('passes nothing on that comes from neither end', async () => {
    const counted: Buffer[] = [];
    const { reply } = await open({ onAudio: (packet) => counted.push(packet) });
    const stranger = await bind();
    // Taken for the client's, since it is on this machine: but never for the server's.
    stranger.send(audio, port, '127.0.0.1');
    await once(server, 'message');
    stranger.close();
    reply(audio);
    await vi.waitFor(() => expect(counted).toHaveLength(1));
  });

  it('tells which audio the emulated network took away', async () => {
    let inflicted = 0;
    const draws = [0.9, 0.9];
    const network = { lossShare: 0.5, delayMs: 0, jitterMs: 0, rateKbps: null };
    // The first two draws are the way in's; after that everything is lost.
    const slow = { network, random: () => draws.shift() ?? 0 };
    const { reply } = await open({ slow, onInflicted: () => (inflicted += 1) });
    for (const packet of [audio, senderReport, audio]) reply(packet);
    await vi.waitFor(() => expect(inflicted).toBe(2));
  });

  it('delivers nothing after it is closed', async () => {
    const counted: Buffer[] = [];
    const network = { lossShare: 0, delayMs: 20, jitterMs: 0, rateKbps: null };
    const { reply } = await open({ slow: { network, random: () => 0.5 }, onAudio: (packet) => counted.push(packet) });
    reply(audio);
    relay?.close();
    relay?.close();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(counted).toEqual([]);
  });
});
