import { access, constants, mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { workerBin } from 'mediasoup';
import type { Config, Variables } from './config.ts';
import { isUnspecified } from './configValues.ts';

export type VariableName = keyof Variables;
type Fault = readonly [VariableName, message: string];

/** Of workers and mixers on the loopback, and of mixers to those of other nodes. */
const OWN_PORTS = [
  { min: 22_000, max: 31_999 },
  { min: 40_000, max: 49_999 },
];

/** What would do in place of a value that does not. */
export const EXAMPLES: { readonly [N in VariableName]: string } = {
  PORT: '3000',
  HOST: '127.0.0.1',
  METRICS_PORT: '9464',
  METRICS_HOST: '127.0.0.1',
  KEEP_ALIVE_S: '75',
  PUBLIC_URL: 'https://tribune.example.org',
  NODE_ORIGINS: 'https://*.tribune.example.org',
  EMBED_ORIGINS: 'https://www.example.org',
  NODE_ID: 'n1',
  NODE_CAPACITY: '10000',
  CLUSTER_ADDRESS: '10.0.0.1 with 0.0.0.0, or fd00::1 with ::',
  DRAIN_S: '30',
  REDIS_URL: 'redis://:password@localhost:6379',
  SECRET: 'what `openssl rand -hex 32` prints',
  ADMIN_KEY: 'what `openssl rand -hex 32` prints',
  DATA_DIR: '/var/lib/tribune',
  WEB_DIR: 'web/dist, once the page is built',
  TRUST_PROXY: '1',
  WORKERS: '4',
  MIXERS: '4',
  MEDIA_PORT: '20000',
  MEDIA_LISTEN_ADDRESS: '0.0.0.0 or 0.0.0.0,::',
  MEDIA_ANNOUNCED_ADDRESS: '203.0.113.7 or 203.0.113.7,2001:db8::7',
  MEDIASOUP_WORKER_BIN: '/usr/local/bin/mediasoup-worker',
  ICE_SERVERS: '[{"urls":"turn:turn.example.org:3478","username":"tribune","credential":"…"}]',
  TURN_URLS: 'turn:turn.example.org:3478?transport=udp,turn:turn.example.org:3478?transport=tcp',
  TURN_SECRET: 'what `openssl rand -hex 32` prints',
  TURN_CREDENTIAL_S: '3600',
  LOG_LEVEL: 'info',
  ROOM_CAPACITY: '10000',
  JOINS_PER_S: '200',
  MAX_ROOMS: '1000',
  MAX_ROOMS_PER_USER: '3',
  ROOMS_PER_ADDRESS_PER_HOUR: '60',
  STAGE_GRACE_S: '30',
  HOST_GRACE_S: '60',
  EMPTY_ROOM_S: '300',
  LEADERLESS_ROOM_S: '1800',
  TRANSPORT_CONNECT_S: '12',
  PEOPLE_PER_ADDRESS: '2000',
  PER_ADDRESS_SHARE: '0.5',
  RECORDING: 'allowed',
  MIX_PACKET_MS: '60',
  MIX_BITRATE: '32000',
  LIVE_CAPACITY: '20000',
  DATABASE_URL: 'postgres://tribune:password@localhost/tribune',
  S3_URL: 'https://s3.example.org/tribune',
  S3_REGION: 'eu-west-1',
  S3_ACCESS_KEY_ID: 'the id of a key that may write to the bucket',
  S3_SECRET_ACCESS_KEY: 'the secret of that key',
  RECORDING_MAX_GB: '100',
  RECORDING_ROOM_MAX_GB: '2',
  RECORDING_RETENTION_DAYS: '90',
};

/** The server cannot work as it is configured. The message has a line for each variable at fault, and no value. */
export class ConfigError extends Error {
  constructor(faults: readonly Fault[]) {
    super(
      [
        'Configuration:',
        ...faults.map(([name, message]) => `  ${name}: ${message}; for example ${EXAMPLES[name]}`),
      ].join('\n'),
    );
    this.name = 'ConfigError';
  }
}

/** Values that are good by themselves, and not together. */
export function findContradictions(values: Variables): Fault[] {
  return [...portFaults(values), ...addressFaults(values), ...pairFaults(values)];
}

/** What only the disk can tell. @throws {ConfigError} */
export async function checkFiles(
  config: Pick<Config, 'WEB_DIR' | 'MEDIASOUP_WORKER_BIN' | 'DATA_DIR' | 'SECRET'>,
): Promise<void> {
  const { WEB_DIR, MEDIASOUP_WORKER_BIN, DATA_DIR, SECRET } = config;
  const faults: Fault[] = [];
  if (WEB_DIR && !(await can(join(WEB_DIR, 'index.html'), constants.R_OK)))
    faults.push(['WEB_DIR', 'has no index.html that can be read']);
  if (!(await can(MEDIASOUP_WORKER_BIN ?? workerBin, constants.X_OK)))
    faults.push([
      'MEDIASOUP_WORKER_BIN',
      MEDIASOUP_WORKER_BIN ? 'is no program that can be run' : 'is not set, and mediasoup has no worker',
    ]);
  if (SECRET === undefined && !(await canKeep(DATA_DIR)))
    faults.push(['DATA_DIR', 'cannot be written, and no SECRET is set']);
  if (faults.length > 0) throw new ConfigError(faults);
}

function* portFaults({ PORT, METRICS_PORT, MEDIA_PORT, WORKERS }: Variables): Iterable<Fault> {
  if (METRICS_PORT === PORT && PORT !== 0) yield ['METRICS_PORT', 'has to be another port than PORT'];
  if (MEDIA_PORT === 0) return;
  const last = MEDIA_PORT + WORKERS - 1;
  if (last > 65_535) yield ['MEDIA_PORT', 'leaves no port for the last of WORKERS: there is none above 65535'];
  const isMedia = (port?: number) => port !== undefined && port >= MEDIA_PORT && port <= last;
  if (isMedia(PORT)) yield ['PORT', 'is one of the media ports, which begin at MEDIA_PORT'];
  if (isMedia(METRICS_PORT)) yield ['METRICS_PORT', 'is one of the media ports, which begin at MEDIA_PORT'];
  for (const { min, max } of OWN_PORTS)
    if (MEDIA_PORT <= max && last >= min)
      yield [
        'MEDIA_PORT',
        `reaches into the ports from ${min} to ${max}, which workers and mixers use among themselves`,
      ];
}

function* addressFaults(values: Variables): Iterable<Fault> {
  const { CLUSTER_ADDRESS, MEDIA_LISTEN_ADDRESS: listen, MEDIA_ANNOUNCED_ADDRESS: announced = [] } = values;
  // Where nothing else listens there, `::` takes IPv4 as well.
  const kinds = new Set(listen.map(isIP));
  if (listen.includes('::')) kinds.add(4);
  if (announced.some((address) => isIP(address) !== 0 && !kinds.has(isIP(address))))
    yield ['MEDIA_ANNOUNCED_ADDRESS', 'has an address of a kind at which MEDIA_LISTEN_ADDRESS does not listen'];
  if (CLUSTER_ADDRESS === undefined) return;
  if (isUnspecified(CLUSTER_ADDRESS)) yield ['CLUSTER_ADDRESS', 'has to be the address of this node alone'];
  if (!listen.some((address) => isIP(address) === isIP(CLUSTER_ADDRESS)))
    yield ['CLUSTER_ADDRESS', 'is of another kind than MEDIA_LISTEN_ADDRESS, so that other nodes would reach no port'];
}

function* pairFaults({
  METRICS_HOST,
  METRICS_PORT,
  TURN_URLS,
  TURN_SECRET,
  ADMIN_KEY,
  SECRET,
  S3_URL,
  S3_ACCESS_KEY_ID,
  S3_SECRET_ACCESS_KEY,
}: Variables): Iterable<Fault> {
  if (METRICS_HOST !== undefined && METRICS_PORT === undefined)
    yield ['METRICS_PORT', 'is needed for METRICS_HOST to mean something'];
  if (TURN_URLS && TURN_SECRET === undefined) yield ['TURN_SECRET', 'is needed for TURN_URLS'];
  if (!TURN_URLS && TURN_SECRET !== undefined) yield ['TURN_URLS', 'has to name the servers that know TURN_SECRET'];
  if (S3_URL !== undefined && S3_ACCESS_KEY_ID === undefined) yield ['S3_ACCESS_KEY_ID', 'is needed for S3_URL'];
  if (S3_URL !== undefined && S3_SECRET_ACCESS_KEY === undefined)
    yield ['S3_SECRET_ACCESS_KEY', 'is needed for S3_URL'];
  if (ADMIN_KEY !== undefined && ADMIN_KEY === SECRET) yield ['ADMIN_KEY', 'has to differ from SECRET'];
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function canKeep(dir: string): Promise<boolean> {
  return mkdir(dir, { recursive: true }).then(
    async () => can(dir, constants.W_OK | constants.X_OK),
    () => false,
  );
}
