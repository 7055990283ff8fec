import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ROLES, type Person } from '@tribune/shared/domain.ts';
import jwt from 'jsonwebtoken';
import { nanoid } from 'nanoid';
import { z } from 'zod';
import { AppError } from '../errors.ts';

const ISSUER = 'tribune';
/** Pinned: a token that names another algorithm, `none` included, is refused whatever it claims. */
const ALGORITHM = 'HS256';
const LISTENING_EXPIRES_S = 12 * 3600;
const SESSION_EXPIRES_S = 365 * 24 * 3600;
export const TICKET_EXPIRES_S = 60;
/** A ticket is good once; it is remembered for longer than it lives. */
export const TICKET_REMEMBERED_S = TICKET_EXPIRES_S + 30;

const sessionClaims = z.object({ sub: z.string(), name: z.string() });
const ticketClaims = z.object({
  sub: z.string(),
  name: z.string(),
  room: z.string(),
  role: z.enum(ROLES),
  /** Good at this node, and at no other. */
  node: z.string(),
  /** Counts towards the pace at which the node takes people in. */
  paced: z.boolean(),
  /** The node that they should be on and could not reach. */
  unreachable: z.string().optional(),
  jti: z.string(),
  exp: z.number(),
});

/** What a ticket says. The role is what it was at admission: decisions are taken from the role in the store. */
export type Ticket = z.infer<typeof ticketClaims>;

/** Signs and verifies guest sessions and tickets (JWT, RFC 7519; HS256). */
export class Tokens {
  readonly #key: KeyObject;
  #now: () => number = Date.now;
  /** Tells whether two nodes have the same secret, and nothing else about it. */
  readonly fingerprint: string;

  constructor(secret: string) {
    // A string would be tried as a PEM key at every call, for half a millisecond of each join.
    this.#key = createSecretKey(Buffer.from(secret));
    this.fingerprint = createHmac('sha256', this.#key).update('tribune fingerprint').digest('hex').slice(0, 8);
  }

  /** @param now Unix time in ms by a clock that all nodes share, so that a ticket of one is good on another whatever theirs say */
  useClock(now: () => number): void {
    this.#now = now;
  }

  signSession({ userId, name }: Person): string {
    return this.#sign({ name }, 'session', userId, SESSION_EXPIRES_S);
  }

  /** @throws {AppError} UNAUTHENTICATED */
  verifySession(token: string): Person {
    try {
      const { sub, name } = sessionClaims.parse(this.#verify(token, 'session'));
      return { userId: sub, name };
    } catch (error) {
      throw new AppError('UNAUTHENTICATED', 'The session is not valid', { cause: error });
    }
  }

  signTicket(
    { userId, name }: Person,
    grant: Pick<Ticket, 'room' | 'role' | 'node' | 'paced' | 'unreachable'>,
  ): string {
    return this.#sign({ name, ...grant }, 'ticket', userId, TICKET_EXPIRES_S);
  }

  /** @throws {AppError} TICKET_EXPIRED or TICKET_INVALID */
  verifyTicket(token: string): Ticket {
    try {
      return ticketClaims.parse(this.#verify(token, 'ticket'));
    } catch (error) {
      const expired = error instanceof jwt.TokenExpiredError;
      throw new AppError(expired ? 'TICKET_EXPIRED' : 'TICKET_INVALID', 'The ticket is not valid', { cause: error });
    }
  }

  /** Lets whoever has it hear a private recording for some hours: players ask for sound without a session. */
  signListening(recordingId: string): string {
    return this.#sign({}, 'listening', recordingId, LISTENING_EXPIRES_S);
  }

  mayListen(token: string, recordingId: string): boolean {
    try {
      return z.object({ sub: z.string() }).parse(this.#verify(token, 'listening')).sub === recordingId;
    } catch {
      return false;
    }
  }

  #sign(claims: object, audience: string, subject: string, expiresIn: number): string {
    return jwt.sign({ ...claims, iat: this.#nowS }, this.#key, {
      algorithm: ALGORITHM,
      issuer: ISSUER,
      audience,
      subject,
      expiresIn,
      jwtid: nanoid(),
    });
  }

  #verify(token: string, audience: string): unknown {
    const options = { algorithms: [ALGORITHM], issuer: ISSUER, audience, clockTimestamp: this.#nowS };
    return jwt.verify(token, this.#key, options as jwt.VerifyOptions);
  }

  get #nowS(): number {
    return Math.floor(this.#now() / 1000);
  }
}

/** Reads the signing secret, and makes one for this owner's eyes only where there is none. */
export async function loadSecret(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  // `wx` creates or fails: of two servers starting at once, one writes and both read the same.
  await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  return (await readFile(file, 'utf8')).trim();
}
