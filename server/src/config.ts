import { isIP } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { RECORDING_POLICIES } from '@tribune/shared/domain.ts';
import { z } from 'zod';
import { ConfigError, findContradictions, type VariableName } from './configFaults.ts';
import {
  announcedAddresses,
  bucketUrl,
  host,
  iceServers,
  isUnspecified,
  listenAddresses,
  number,
  originPatterns,
  port,
  postgresUrl,
  publicUrl,
  redisUrl,
  secret,
  turnUrls,
  whole,
} from './configValues.ts';

/** A day: a timer of Node ends at once when it is given more than 24 days. */
const MAX_SECONDS = 86_400;

/** Every environment variable that the server reads. The descriptions are the text of the table in docs/self-hosting.md. */
export const variables = z.object({
  PORT: port.default(3000).describe('TCP port of the page, the REST interface and the sockets.'),
  HOST: host.optional().describe('Address that PORT is bound to. Default: every one.'),
  METRICS_PORT: port
    .optional()
    .describe(
      'TCP port of /metrics, /cluster and /readyz. Default: PORT, where they are open to everyone who reaches it.',
    ),
  METRICS_HOST: host.optional().describe('Address that METRICS_PORT is bound to. Default: HOST.'),
  KEEP_ALIVE_S: number(1, 3600)
    .default(75)
    .describe('Seconds for which a connection without a request is kept; longer than the proxy in front keeps it.'),
  PUBLIC_URL: publicUrl
    .optional()
    .describe(
      'Where people reach this node: an origin, with the path below which Tribune is, if there is one. Default: the origin of the page.',
    ),
  NODE_ORIGINS: originPatterns
    .optional()
    .describe(
      'Origins of all nodes, those to come too, with commas between: pages connect to no others. Default: see below.',
    ),
  EMBED_ORIGINS: originPatterns
    .optional()
    .describe('Origins of other sites that may show rooms in a frame, with commas between. None when unset.'),
  NODE_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'has to be of at most 64 letters, digits, dots, hyphens and underscores')
    .optional()
    .describe('Name of this node among others, the same at each start. Default: the host name and PORT.'),
  NODE_CAPACITY: whole(1)
    .default(10_000)
    .describe('Listeners that this node takes, in all rooms; when every node is full, people wait in a queue.'),
  CLUSTER_ADDRESS: z
    .union([z.ipv4(), z.ipv6()], 'has to be an IP address')
    .optional()
    .describe('IP address at which other nodes reach this one, UDP 40000 to 49999. Default: MEDIA_ANNOUNCED_ADDRESS.'),
  DRAIN_S: number(0, MAX_SECONDS)
    .default(30)
    .describe('Seconds that a node which is told to stop gives its people to move to others, where there are others.'),
  REDIS_URL: redisUrl.describe(
    'Redis 7 or newer: `redis://…`, `rediss://…`, the path of a socket, or several servers, see below. `npm start` runs its own when unset.',
  ),
  SECRET: secret
    .optional()
    .describe('Signs sessions and tickets; at least 32 characters. Default: made once and kept under DATA_DIR.'),
  ADMIN_KEY: secret
    .regex(/^[\x21-\x7e]*$/, 'has to be of letters, digits and signs of ASCII')
    .optional()
    .describe('Lets the operator end rooms and remove people, see below; at least 32 characters. Off when unset.'),
  DATA_DIR: z
    .string()
    .default('data')
    .describe('Folder of what outlives a restart: the secret, recordings, and the own Redis of `npm start`.'),
  WEB_DIR: z
    .string()
    .optional()
    .describe('Folder of the built page, served on PORT. Unset where another server does it.'),
  TRUST_PROXY: whole(0).default(0).describe('Number of proxies in front, whose `X-Forwarded-For` is believed.'),
  WORKERS: whole(1)
    .default(availableParallelism())
    .describe(
      'Media workers; with two or more, one in four and at least one is for stages, and the others are for audiences. Default: one per core.',
    ),
  MIXERS: whole(1)
    .default(availableParallelism())
    .describe('Mixer processes, over which rooms are spread. Default: one per core.'),
  // Below the ports that systems give to outgoing connections (from 32768 on Linux): a worker must get its own back.
  MEDIA_PORT: port
    .default(20_000)
    .describe('First media port; worker n listens on MEDIA_PORT + n, UDP and TCP. 0 picks free ones.'),
  MEDIA_LISTEN_ADDRESS: listenAddresses
    .default(['0.0.0.0'])
    .describe('IP address that media ports are bound to; with `0.0.0.0,::`, IPv4 and IPv6.'),
  MEDIA_ANNOUNCED_ADDRESS: announcedAddresses
    .optional()
    .describe(
      'Addresses or names at which people reach the media ports, with commas between. Default: 127.0.0.1, or MEDIA_LISTEN_ADDRESS when it is one address.',
    ),
  MEDIASOUP_WORKER_BIN: z
    .string()
    .optional()
    .describe('Path of the mediasoup-worker to run. `npm start` finds or builds one when unset.'),
  ICE_SERVERS: iceServers
    .default([])
    .describe(
      'JSON array of `{ "urls", "username", "credential" }`: STUN and TURN servers given to clients as they are.',
    ),
  TURN_URLS: turnUrls
    .optional()
    .describe('TURN servers, with commas between, for which clients get credentials that run out.'),
  TURN_SECRET: z
    .string()
    .min(16, 'has to have at least 16 characters')
    .optional()
    .describe('What these TURN servers know as `static-auth-secret`; at least 16 characters.'),
  TURN_CREDENTIAL_S: whole(60, 86_400).default(3600).describe('Seconds for which such credentials are good.'),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
      'has to be one of fatal, error, warn, info, debug, silent',
    )
    .default('info')
    .describe('Least level that is logged.'),
  ROOM_CAPACITY: whole(1)
    .default(10_000)
    .describe('People in one room on this node; the next one is told that it is full.'),
  JOINS_PER_S: whole(1)
    .default(200)
    .describe(
      'Listeners admitted per second, so that those inside hear nothing of a crowd outside; the others are told when to come back.',
    ),
  MAX_ROOMS: whole(1).default(1000).describe('Rooms open at once.'),
  MAX_ROOMS_PER_USER: whole(1).default(3).describe('Rooms that one person may host at once.'),
  ROOMS_PER_ADDRESS_PER_HOUR: whole(1)
    .default(60)
    .describe('Rooms that may be created from one network address in an hour.'),
  PEOPLE_PER_ADDRESS: whole(1)
    .default(2000)
    .describe('People who may arrive within a minute from one network address, such as that of a school.'),
  PER_ADDRESS_SHARE: number(0.01, 1)
    .default(0.5)
    .describe(
      'Part of a room, of its hands and of all rooms that one network address gets while others may want some; 1 for all.',
    ),
  STAGE_GRACE_S: number(0.1, MAX_SECONDS)
    .default(30)
    .describe('Seconds for which a place on stage, a hand or an invitation is kept for a lost connection.'),
  HOST_GRACE_S: number(0.1, MAX_SECONDS).default(60).describe('Seconds after which a vanished host is replaced.'),
  EMPTY_ROOM_S: number(0.1, MAX_SECONDS).default(300).describe('Seconds after which an empty room ends.'),
  LEADERLESS_ROOM_S: number(0.1, MAX_SECONDS)
    .default(1800)
    .describe(
      'Seconds after which a live room ends in which only listeners are left; everyone is told so in its last five minutes.',
    ),
  TRANSPORT_CONNECT_S: number(0.1, MAX_SECONDS)
    .default(12)
    .describe('Seconds within which a media transport has to connect.'),
  RECORDING: z
    .enum(RECORDING_POLICIES, 'has to be off, allowed or always')
    .default('allowed')
    .describe(
      'Whether rooms are recorded: `off` never, `allowed` where their host starts it, `always` every one. Holds for rooms created from then on.',
    ),
  MIX_PACKET_MS: z
    .enum(['auto', '60', '120'], 'has to be auto, 60 or 120')
    .default('auto')
    .transform((ms) => (ms === 'auto' ? ms : (Number(ms) as 60 | 120)))
    .describe(
      'Sound in one packet of the mix that listeners get, in ms: 60, 120, or auto: 120 on workers with 500 listeners or more.',
    ),
  MIX_BITRATE: whole(6000, 128_000).default(32_000).describe('Bits per second of the mix that listeners get.'),
  LIVE_CAPACITY: whole(0)
    .default(20_000)
    .describe('Listeners over HTTP, each of one long response, that this node takes in all rooms.'),
  DATABASE_URL: postgresUrl
    .optional()
    .describe(
      'PostgreSQL for recordings and what else outlives a room: `postgres://USER:PASSWORD@HOST/NAME`. Several nodes need it. Default: a file of SQLite under DATA_DIR.',
    ),
  S3_URL: bucketUrl
    .optional()
    .describe(
      'Bucket of an S3 API for the sound of recordings: `https://HOST/BUCKET` or `https://BUCKET.HOST`. Several nodes need it. Default: a folder under DATA_DIR.',
    ),
  S3_REGION: z.string().default('auto').describe('Region of the bucket.'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('Key of the bucket; required with S3_URL.'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of that key; required with S3_URL.'),
  RECORDING_MAX_GB: number(0.001)
    .optional()
    .describe('Gigabytes that all recordings may have together; an hour is 15 MB. Default: no limit but the disk.'),
  RECORDING_ROOM_MAX_GB: number(0.001)
    .optional()
    .describe('Gigabytes that the recordings of one room may have. Default: no limit.'),
  RECORDING_RETENTION_DAYS: number(0.01)
    .optional()
    .describe('Days after which a recording that has ended is deleted. Default: it is kept.'),
});

export type Variables = z.output<typeof variables>;

export type Config = Readonly<Omit<Variables, 'MEDIA_ANNOUNCED_ADDRESS' | 'CLUSTER_ADDRESS' | 'NODE_ID'>> & {
  readonly NODE_ID: string;
  /** Addresses, and names that have still to be looked up. */
  readonly MEDIA_ANNOUNCED_ADDRESS: readonly string[];
  /** Null where it is what the first of the announced names leads to. */
  readonly CLUSTER_ADDRESS: string | null;
  /** Of MEDIA_LISTEN_ADDRESS, the one at which the mixers of other nodes reach this one. */
  readonly relayListenAddress: string;
  /** The path of PUBLIC_URL, such as `/rooms`; empty where Tribune has its origin for itself. */
  readonly basePath: string;
  readonly secretFile: string;
  /** DATABASE_URL, or the path of the file of SQLite. */
  readonly databaseUrl: string;
  readonly objectsFolder: string;
  /** The bucket of S3_URL; null where objects are in `objectsFolder`. */
  readonly s3: S3Config | null;
};

interface S3Config {
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Reads the configuration. @throws {Error} that names every variable at fault, what is wrong and what would do, and never its value. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map((issue) => [String(issue.path[0]) as VariableName, issue.message]));
  const faults = findContradictions(parsed.data);
  if (faults.length > 0) throw new ConfigError(faults);
  const { MEDIA_LISTEN_ADDRESS, DATA_DIR, PORT } = parsed.data;
  const announced = announcedOf(parsed.data);
  const clusterAddress = parsed.data.CLUSTER_ADDRESS ?? announced.find((address) => isIP(address) !== 0) ?? null;
  return Object.freeze({
    ...parsed.data,
    MEDIA_ANNOUNCED_ADDRESS: announced,
    CLUSTER_ADDRESS: clusterAddress,
    relayListenAddress:
      MEDIA_LISTEN_ADDRESS.find((address) => isIP(address) === isIP(clusterAddress ?? '')) ?? MEDIA_LISTEN_ADDRESS[0]!,
    // The same after a restart, so that its rooms need not wait for a lease to run out.
    NODE_ID: parsed.data.NODE_ID ?? `${hostname()}-${PORT}`,
    basePath: new URL(parsed.data.PUBLIC_URL ?? 'http://localhost').pathname.replace(/\/$/, ''),
    secretFile: join(DATA_DIR, 'secret'),
    databaseUrl: parsed.data.DATABASE_URL ?? join(DATA_DIR, 'tribune.db'),
    objectsFolder: join(DATA_DIR, 'objects'),
    s3: s3Of(parsed.data),
  });
}

function s3Of(values: Variables): S3Config | null {
  const {
    S3_URL: url,
    S3_REGION: region,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = values;
  if (url === undefined || accessKeyId === undefined || secretAccessKey === undefined) return null;
  return { url, region, accessKeyId, secretAccessKey };
}

/** Whoever says nothing runs Tribune on the machine where the browser is. */
function announcedOf({ MEDIA_ANNOUNCED_ADDRESS, MEDIA_LISTEN_ADDRESS }: Variables): readonly string[] {
  if (MEDIA_ANNOUNCED_ADDRESS) return MEDIA_ANNOUNCED_ADDRESS;
  return MEDIA_LISTEN_ADDRESS.some(isUnspecified) ? ['127.0.0.1'] : MEDIA_LISTEN_ADDRESS;
}
