import type { RoomInfo } from './domain.ts';
import { ERROR_CODES, type ErrorCode } from './errors.ts';
import type { BroadcastAnswer, QueuePlace, SessionResponse, TicketResponse } from './protocol.ts';
import type { ClipInfo, ClipSummary, RecordingEdit, RecordingInfo } from './recordings.ts';
import type {
  ChapterRequest,
  ClipRequest,
  CutRequest,
  RecordingChanges,
  RoomRequest,
  TicketRequest,
} from './schemas.ts';

const REQUEST_TIMEOUT_MS = 10_000;

/** An answer of the REST interface other than 2xx (RFC 9457), or none: `UNAVAILABLE`. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  /** Seconds after which it makes sense to try again, where the server said so. */
  readonly retryAfterS: number | null;

  constructor(code: ErrorCode, message: string, retryAfterS: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/** Every node is full, and the person stands in a queue: as for any refusal for now, one asks again after `retryAfterS`. */
export class QueuedError extends ApiError {
  readonly place: QueuePlace;

  constructor(place: QueuePlace) {
    super('RATE_LIMITED', 'In the queue', place.retryAfterS);
    this.name = 'QueuedError';
    this.place = place;
  }
}

/** The room is a broadcast: there is nothing to connect to, and its sound comes over HTTP. */
export class BroadcastError extends ApiError {
  constructor() {
    super('RATE_LIMITED', 'The room is heard over HTTP');
    this.name = 'BroadcastError';
  }
}

/** The REST interface of one server, for page, load test and tests. Holds no state but the session token that it is given. */
export class ApiClient {
  readonly #origin: string;
  #token: string | null;
  /** How far the server's clock is ahead of this one's. */
  #clockOffsetMs = 0;

  /** @param origin such as `http://localhost:3000`; empty for the page's own. */
  constructor(origin = '', token: string | null = null) {
    this.#origin = origin;
    this.#token = token;
  }

  /** Unix time in ms by the clock of the server, as of its last answer; by one's own before that. To a second or so. */
  now(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  /** Starts a guest session, or renames the one whose token this client holds; the client keeps the new token. */
  async createSession(name: string): Promise<SessionResponse> {
    const session = await this.call<SessionResponse>('POST', '/api/session', { name });
    this.#token = session.token;
    return session;
  }

  async listRooms(): Promise<RoomInfo[]> {
    const { rooms } = await this.call<{ rooms: RoomInfo[] }>('GET', '/api/rooms');
    return rooms;
  }

  async createRoom(settings: RoomRequest): Promise<RoomInfo> {
    return this.call('POST', '/api/rooms', settings);
  }

  async getRoom(roomId: string): Promise<RoomInfo> {
    return this.call('GET', `/api/rooms/${encodeURIComponent(roomId)}`);
  }

  async endRoom(roomId: string): Promise<void> {
    await this.call('POST', `/api/rooms/${encodeURIComponent(roomId)}/end`);
  }

  /**
   * @param options.hears `http`: a room that is a broadcast may be heard over HTTP instead
   * @param options.signal calls the request off
   * @throws {QueuedError} while every node is full
   * @throws {BroadcastError} in a broadcast, for those who can hear it over HTTP
   */
  async createTicket(
    roomId: string,
    request: TicketRequest = {},
    { hears, signal }: { hears?: 'http' | undefined; signal?: AbortSignal } = {},
  ): Promise<TicketResponse> {
    const path = `/api/rooms/${encodeURIComponent(roomId)}/tickets${hears ? `?hears=${hears}` : ''}`;
    const answer = await this.call<TicketResponse | QueuePlace | BroadcastAnswer>('POST', path, request, signal);
    if ('place' in answer) throw new QueuedError(answer);
    if (!('ticket' in answer)) throw new BroadcastError();
    return answer;
  }

  /** What is known of a recording, which has the id of its room, and its replay where it is complete. */
  async getRecording(id: string): Promise<RecordingInfo> {
    return this.call('GET', `/api/recordings/${encodeURIComponent(id)}`);
  }

  async changeRecording(id: string, changes: RecordingChanges): Promise<void> {
    await this.call('PATCH', `/api/recordings/${encodeURIComponent(id)}`, changes);
  }

  async deleteRecording(id: string): Promise<void> {
    await this.call('DELETE', `/api/recordings/${encodeURIComponent(id)}`);
  }

  /** The whole recording and what is cut out of it, for its host alone. */
  async getRecordingEdit(id: string): Promise<RecordingEdit> {
    return this.call('GET', `/api/recordings/${encodeURIComponent(id)}/edit`);
  }

  async addCut(id: string, cut: CutRequest): Promise<void> {
    await this.call('POST', `/api/recordings/${encodeURIComponent(id)}/cuts`, cut);
  }

  async deleteCut(id: string, cutId: string): Promise<void> {
    await this.call('DELETE', `/api/recordings/${encodeURIComponent(id)}/cuts/${encodeURIComponent(cutId)}`);
  }

  /** Whoever was left out is heard again. */
  async takeBackIn(id: string, userId: string): Promise<void> {
    await this.call('DELETE', `/api/recordings/${encodeURIComponent(id)}/people/${encodeURIComponent(userId)}/cuts`);
  }

  /** Its host names a place in it: now, while it is recorded. */
  async addChapter(id: string, chapter: ChapterRequest): Promise<void> {
    await this.call('POST', `/api/recordings/${encodeURIComponent(id)}/chapters`, chapter);
  }

  async deleteChapter(id: string, chapterId: string): Promise<void> {
    await this.call('DELETE', `/api/recordings/${encodeURIComponent(id)}/chapters/${encodeURIComponent(chapterId)}`);
  }

  async listClips(id: string): Promise<ClipSummary[]> {
    const { clips } = await this.call<{ clips: ClipSummary[] }>(
      'GET',
      `/api/recordings/${encodeURIComponent(id)}/clips`,
    );
    return clips;
  }

  async createClip(id: string, clip: ClipRequest): Promise<ClipSummary> {
    return this.call('POST', `/api/recordings/${encodeURIComponent(id)}/clips`, clip);
  }

  async getClip(id: string, clipId: string): Promise<ClipInfo> {
    return this.call('GET', `/api/recordings/${encodeURIComponent(id)}/clips/${encodeURIComponent(clipId)}`);
  }

  async deleteClip(id: string, clipId: string): Promise<void> {
    await this.call('DELETE', `/api/recordings/${encodeURIComponent(id)}/clips/${encodeURIComponent(clipId)}`);
  }

  /** One request with the token of this client, and the JSON that answers it. @throws {ApiError} */
  async call<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<T> {
    const headers: Record<string, string> = {};
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(this.#origin + path, {
        method,
        headers,
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      answer = response.status === 204 ? null : await response.json();
    } catch (error) {
      throw new ApiError('UNAVAILABLE', 'The server cannot be reached', null, { cause: error });
    }
    const serverTime = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(serverTime)) this.#clockOffsetMs = serverTime - Date.now();
    if (!response.ok) throw problemOf(response, answer);
    return answer as T;
  }
}

function problemOf(response: Response, answer: unknown): ApiError {
  const problem = (typeof answer === 'object' && answer !== null ? answer : {}) as { code?: unknown; detail?: unknown };
  const known = (ERROR_CODES as readonly unknown[]).includes(problem.code);
  const retryAfterS = Number(response.headers.get('retry-after')) || null;
  return new ApiError(
    known ? (problem.code as ErrorCode) : 'UNAVAILABLE',
    typeof problem.detail === 'string' ? problem.detail : `HTTP ${response.status}`,
    retryAfterS,
  );
}
