import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IceServer } from '@tribune/shared/protocol.ts';
import { MediaConnection } from '@tribune/loadtest/media/MediaConnection.ts';
import { IceServers } from '../../src/auth/IceServers.ts';
import { askForRelay } from './askForRelay.ts';
import { TestServer } from './TestServer.ts';

// A program of its own, in a network namespace of its own: a Tribune server, the coturn of deploy/ and people who reach the one through
// the other. Prints what came of each attempt as JSON.

const START = fileURLToPath(new URL('../../../deploy/coturn/start.sh', import.meta.url));
const TURN_ADDRESS = '10.77.0.1';
const TURN_PORT = 3478;
const MEDIA_ADDRESS = '10.77.0.2';
const OTHER_ADDRESS = '10.77.0.3';
const MEDIA_PORT = 20_000;
/** An echo listens there, beside the media ports that a server would have. */
const ECHO_PORT = 20_005;
const OTHER_PORT = 20_999;
const TURN_SECRET = 'a secret of the TURN server';
const CONNECT_MS = 6000;
const RELAY_MS = 5000;

/** What came of it all. */
export interface TurnOutcomes {
  readonly listenerWithTicket: boolean;
  readonly listenerWithExpired: boolean;
  /** What a request over TCP for a relay of each kind is answered with: 0 is a relay. */
  readonly allocated: { readonly udpOverTcp: number; readonly tcp: number };
  /** Whether coturn's own client got anything back. */
  readonly relayed: {
    readonly toMediaPort: boolean;
    readonly toOtherPort: boolean;
    readonly toOtherAddress: boolean;
    readonly toLoopback: boolean;
    readonly withExpired: boolean;
    readonly withOtherSecret: boolean;
  };
}

execFileSync('ip', ['link', 'set', 'lo', 'up']);
// coturn looks for addresses that are not those of the loopback.
execFileSync('ip', ['link', 'add', 'turn0', 'type', 'veth', 'peer', 'name', 'turn1']);
for (const address of [TURN_ADDRESS, MEDIA_ADDRESS, OTHER_ADDRESS])
  execFileSync('ip', ['addr', 'add', `${address}/24`, 'dev', 'turn0']);
for (const link of ['turn0', 'turn1']) execFileSync('ip', ['link', 'set', link, 'up']);
// A network that lets nobody reach the media ports by themselves: libdatachannel would try, whatever it is told.
const blockade = 'udp dport 20000 udp sport != 49160-49199 drop';
execFileSync('nft', ['add table inet blockade; add chain inet blockade in { type filter hook input priority 0; }']);
execFileSync('nft', [`add rule inet blockade in ${blockade}`]);

const coturn = spawn('sh', [START], {
  env: {
    PATH: process.env.PATH,
    ...{ TURN_SECRET, MEDIA_ADDRESS, MEDIA_PORTS: '20000-20007', RELAY_PORTS: '49160-49199' },
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const server = await TestServer.create({
  ...{ MEDIA_LISTEN_ADDRESS: MEDIA_ADDRESS, MEDIA_PORT: String(MEDIA_PORT), TURN_SECRET },
  TURN_URLS: `turn:${TURN_ADDRESS}:${TURN_PORT}?transport=udp`,
});
try {
  await listening(coturn);
  for (const [address, port] of [
    [MEDIA_ADDRESS, ECHO_PORT],
    [MEDIA_ADDRESS, OTHER_PORT],
    [OTHER_ADDRESS, ECHO_PORT],
    ['127.0.0.1', ECHO_PORT],
  ] as const) {
    const echo = createSocket('udp4');
    echo.on('message', (packet, from) => echo.send(packet, from.port, from.address));
    echo.bind(port, address);
  }

  const { room, host } = await server.createRoom();
  await host.request('room:goLive');
  const { iceServers } = await host.api.createTicket(room.id);
  const good = iceServers[0]!;
  const expired = issue(TURN_SECRET, Date.now() - 3_700_000);
  const other = issue('another secret of another server', Date.now());
  let toMediaPort = false;
  // coturn says that it is up a moment before it listens.
  for (let tries = 0; tries < 4 && !toMediaPort; tries++) toMediaPort = await relays(good, MEDIA_ADDRESS, ECHO_PORT);
  const [toOtherPort, toOtherAddress, toLoopback, withExpired, withOtherSecret] = await Promise.all([
    relays(good, MEDIA_ADDRESS, OTHER_PORT),
    relays(good, OTHER_ADDRESS, ECHO_PORT),
    relays(good, '127.0.0.1', ECHO_PORT),
    relays(expired, MEDIA_ADDRESS, ECHO_PORT),
    relays(other, MEDIA_ADDRESS, ECHO_PORT),
  ]);
  const [udpOverTcp, tcp] = await Promise.all(
    (['udp', 'tcp'] as const).map(async (transport) => allocates(good, transport)),
  );
  const outcomes: TurnOutcomes = {
    listenerWithTicket: await listens(server, room.id, good),
    listenerWithExpired: await listens(server, room.id, expired),
    allocated: { udpOverTcp: udpOverTcp!, tcp: tcp! },
    relayed: { toMediaPort, toOtherPort, toOtherAddress, toLoopback, withExpired, withOtherSecret },
  };
  process.stdout.write(`${JSON.stringify(outcomes)}\n`);
} finally {
  coturn.kill('SIGKILL');
  await server.close();
}
process.exit(0);

/** Resolves when coturn takes packets. */
async function listening(child: ChildProcess): Promise<void> {
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
  for (let tries = 0; tries < 100; tries++) {
    if (output.includes('IO method (admin thread)')) return;
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  throw new Error(`coturn did not come up:\n${output}`);
}

function issue(secret: string, now: number): IceServer {
  const config = { ICE_SERVERS: [], TURN_URLS: ['turn:unused'], TURN_SECRET: secret, TURN_CREDENTIAL_S: 3600 };
  return new IceServers(config).issue('somebody', now)[0]!;
}

async function allocates({ username, credential }: IceServer, transport: 'udp' | 'tcp'): Promise<number> {
  const server = { address: TURN_ADDRESS, port: TURN_PORT };
  return askForRelay({ ...server, username: username!, password: credential!, transport });
}

/** Whether somebody who has no way but the relay gets media. */
async function listens(node: TestServer, roomId: string, { username, credential }: IceServer): Promise<boolean> {
  const [peer] = await node.joinAll(roomId, 'listener');
  const media = await peer!.request('media:start');
  const turnServer = {
    ...{ hostname: TURN_ADDRESS, port: TURN_PORT, username: username!, password: credential! },
    relayType: 'TurnUdp' as const,
  };
  const connection = new MediaConnection('listener', media.recv, {}, null, turnServer);
  const dtlsParameters = connection.offer(
    media.consumers.map(({ rtpParameters }) => ({ mid: rtpParameters.mid!, direction: 'sendonly', rtpParameters })),
  );
  await peer!.request('transport:connect', { transportId: media.recv.id, dtlsParameters });
  await connection.start();
  const isConnected = await connection.waitUntilConnected(CONNECT_MS).then(
    () => true,
    () => false,
  );
  connection.close();
  return isConnected;
}

/** Whether coturn's own client gets back what it sends to somewhere. */
async function relays({ username, credential }: IceServer, address: string, port: number): Promise<boolean> {
  const user = ['-u', username!, '-w', credential!];
  const peer = ['-e', address, '-r', String(port), '-n', '3', '-c'];
  const args = [...user, ...peer, '-p', String(TURN_PORT), TURN_ADDRESS];
  // It waits for ever for an answer.
  const options = { timeout: RELAY_MS, killSignal: 'SIGKILL' as const };
  return new Promise((resolve) => {
    execFile('turnutils_uclient', args, options, (_error, output) => resolve(/tot_recv_msgs=[1-9]/.test(output)));
  });
}
