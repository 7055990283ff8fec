import { isIP } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { RECORDING_POLICIES } from '@tribune/shared/domain.ts';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const iceServers = z
  .string()
  .transform((json, context) => {
    try {
      return JSON.parse(json) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.array(
      z.strictObject({
        urls: z.union([z.string(), z.array(z.string())]),
        username: z.string().optional(),
        credential: z.string().optional(),
      }),
    ),
  );

/** Every environment variable that the server reads. The descriptions are the text of the table in docs/self-hosting.md. */
export const variables = z.object({
  PORT: port.default(3000).describe('TCP port of the page, the REST interface and the sockets.'),
  HOST: z.string().optional().describe('Address that PORT is bound to. Default: every one.'),
  PUBLIC_URL: z
    .url()
    .optional()
    .describe('Origin under which people reach this node. Default: the origin of the page.'),
  NODE_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional()
    .describe('Name of this node among others, the same at each start. Default: the host name and PORT.'),
  NODE_CAPACITY: z.coerce
    .number()
    .int()
    .min(1)
    .default(10_000)
    .describe('Listeners that this node takes, in all rooms; when every node is full, people wait in a queue.'),
  CLUSTER_ADDRESS: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe('IP address at which other nodes reach this one, UDP 40000 to 49999. Default: MEDIA_ANNOUNCED_ADDRESS.'),
  DRAIN_S: z.coerce
    .number()
    .min(0)
    .default(30)
    .describe('Seconds that a node which is told to stop gives its people to move to others, where there are others.'),
  REDIS_URL: z
    .string()
    .describe(
      'Redis 7 or newer: `redis://…`, `rediss://…`, the path of a socket, or several servers, see below. `npm start` runs its own when unset.',
    ),
  SECRET: z
    .string()
    .min(32)
    .optional()
    .describe('Signs sessions and tickets; at least 32 characters. Default: made once and kept under DATA_DIR.'),
  ADMIN_KEY: z
    .string()
    .min(32)
    .regex(/^[\x21-\x7e]+$/, 'only letters, digits and signs of ASCII')
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
  TRUST_PROXY: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Number of proxies in front, whose `X-Forwarded-For` is believed.'),
  WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .default(availableParallelism())
    .describe(
      'Media workers; with two or more, one in four and at least one is for stages, and the others are for audiences. Default: one per core.',
    ),
  MIXERS: z.coerce
    .number()
    .int()
    .min(1)
    .default(availableParallelism())
    .describe('Mixer processes, over which rooms are spread. Default: one per core.'),
  // Below the ports that systems give to outgoing connections (from 32768 on Linux): a worker must get its own back.
  MEDIA_PORT: port
    .default(20_000)
    .describe('First media port; worker n listens on MEDIA_PORT + n, UDP and TCP. 0 picks free ones.'),
  MEDIA_LISTEN_ADDRESS: z.string().default('0.0.0.0').describe('Address that media ports are bound to.'),
  MEDIA_ANNOUNCED_ADDRESS: z
    .string()
    .optional()
    .describe(
      'Address or name at which people reach the media ports. Default: 127.0.0.1, or MEDIA_LISTEN_ADDRESS when it is one address.',
    ),
  MEDIASOUP_WORKER_BIN: z
    .string()
    .optional()
    .describe('Path of the mediasoup-worker to run. `npm start` finds or builds one when unset.'),
  ICE_SERVERS: iceServers
    .default([])
    .describe('JSON array of `{ "urls", "username", "credential" }`: TURN servers given to clients.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
  ROOM_CAPACITY: z.coerce
    .number()
    .int()
    .min(1)
    .default(10_000)
    .describe('People in one room on this node; the next one is told that it is full.'),
  JOINS_PER_S: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .describe(
      'Listeners admitted per second, so that those inside hear nothing of a crowd outside; the others are told when to come back.',
    ),
  MAX_ROOMS: z.coerce.number().int().min(1).default(1000).describe('Rooms open at once.'),
  MAX_ROOMS_PER_USER: z.coerce.number().int().min(1).default(3).describe('Rooms that one person may host at once.'),
  ROOMS_PER_ADDRESS_PER_HOUR: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('Rooms that may be created from one network address in an hour.'),
  PEOPLE_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(2000)
    .describe('People who may arrive within a minute from one network address, such as that of a school.'),
  PER_ADDRESS_SHARE: z.coerce
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe(
      'Part of a room, of its hands and of all rooms that one network address gets while others may want some; 1 for all.',
    ),
  STAGE_GRACE_S: z.coerce
    .number()
    .min(0.1)
    .default(30)
    .describe('Seconds for which a place on stage, a hand or an invitation is kept for a lost connection.'),
  HOST_GRACE_S: z.coerce.number().min(0.1).default(60).describe('Seconds after which a vanished host is replaced.'),
  EMPTY_ROOM_S: z.coerce.number().min(0.1).default(300).describe('Seconds after which an empty room ends.'),
  LEADERLESS_ROOM_S: z.coerce
    .number()
    .min(0.1)
    .default(1800)
    .describe(
      'Seconds after which a live room ends in which only listeners are left; everyone is told so in its last five minutes.',
    ),
  TRANSPORT_CONNECT_S: z.coerce
    .number()
    .min(0.1)
    .default(12)
    .describe('Seconds within which a media transport has to connect.'),
  RECORDING: z
    .enum(RECORDING_POLICIES)
    .default('allowed')
    .describe(
      'Whether rooms are recorded: `off` never, `allowed` where their host starts it, `always` every one. Holds for rooms created from then on.',
    ),
  MIX_PACKET_MS: z
    .enum(['auto', '60', '120'])
    .default('auto')
    .transform((ms) => (ms === 'auto' ? ms : (Number(ms) as 60 | 120)))
    .describe(
      'Sound in one packet of the mix that listeners get, in ms: 60, 120, or auto: 120 on workers with 500 listeners or more.',
    ),
  MIX_BITRATE: z.coerce
    .number()
    .int()
    .min(6000)
    .max(128_000)
    .default(32_000)
    .describe('Bits per second of the mix that listeners get.'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(?:ql)?:\/\/./, 'not postgres://…')
    .optional()
    .describe(
      'PostgreSQL for recordings and what else outlives a room: `postgres://USER:PASSWORD@HOST/NAME`. Several nodes need it. Default: a file of SQLite under DATA_DIR.',
    ),
  S3_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Bucket of an S3 API for the sound of recordings: `https://HOST/BUCKET` or `https://BUCKET.HOST`. Several nodes need it. Default: a folder under DATA_DIR.',
    ),
  S3_REGION: z.string().default('auto').describe('Region of the bucket.'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('Key of the bucket; required with S3_URL.'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of that key; required with S3_URL.'),
  RECORDING_MAX_GB: z.coerce
    .number()
    .positive()
    .optional()
    .describe('Gigabytes that all recordings may have together; an hour is 15 MB. Default: no limit but the disk.'),
  RECORDING_ROOM_MAX_GB: z.coerce
    .number()
    .positive()
    .optional()
    .describe('Gigabytes that the recordings of one room may have. Default: no limit.'),
  RECORDING_RETENTION_DAYS: z.coerce
    .number()
    .positive()
    .optional()
    .describe('Days after which a recording that has ended is deleted. Default: it is kept.'),
});

export type Config = Readonly<
  Omit<z.output<typeof variables>, 'MEDIA_ANNOUNCED_ADDRESS' | 'CLUSTER_ADDRESS' | 'NODE_ID'>
> & {
  readonly NODE_ID: string;
  readonly MEDIA_ANNOUNCED_ADDRESS: string;
  readonly CLUSTER_ADDRESS: string;
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

/** Reads the configuration. @throws {Error} that names every variable at fault, never its value. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`Configuration:\n${faults.join('\n')}`);
  }
  const { MEDIA_LISTEN_ADDRESS, CLUSTER_ADDRESS, DATA_DIR } = parsed.data;
  const anyAddress = MEDIA_LISTEN_ADDRESS === '0.0.0.0' || MEDIA_LISTEN_ADDRESS === '::';
  if (CLUSTER_ADDRESS && isIP(MEDIA_LISTEN_ADDRESS) !== isIP(CLUSTER_ADDRESS))
    throw new Error(
      'Configuration:\n  CLUSTER_ADDRESS: other nodes reach no port that is bound to MEDIA_LISTEN_ADDRESS, an address of the other kind; for example 10.0.0.1 with 0.0.0.0, or fd00::1 with ::',
    );
  const announced = parsed.data.MEDIA_ANNOUNCED_ADDRESS ?? (anyAddress ? '127.0.0.1' : MEDIA_LISTEN_ADDRESS);
  return Object.freeze({
    ...parsed.data,
    MEDIA_ANNOUNCED_ADDRESS: announced,
    CLUSTER_ADDRESS: CLUSTER_ADDRESS ?? announced,
    // The same after a restart, so that its rooms need not wait for a lease to run out.
    NODE_ID: parsed.data.NODE_ID ?? `${hostname()}-${parsed.data.PORT}`,
    secretFile: join(DATA_DIR, 'secret'),
    databaseUrl: parsed.data.DATABASE_URL ?? join(DATA_DIR, 'tribune.db'),
    objectsFolder: join(DATA_DIR, 'objects'),
    s3: s3Of(parsed.data),
  });
}

function s3Of(values: z.output<typeof variables>): S3Config | null {
  const {
    S3_URL: url,
    S3_REGION: region,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = values;
  if (url === undefined) return null;
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error('Configuration:\n  S3_URL: takes S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY');
  return { url, region, accessKeyId, secretAccessKey };
}
