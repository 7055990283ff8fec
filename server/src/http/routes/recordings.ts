import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Person } from '@tribune/shared/domain.ts';
import type { RecordingInfo } from '@tribune/shared/recordings.ts';
import { recordingChanges, roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request, type Response } from 'express';
import type { Archive } from '../../archive/Archive.ts';
import type { Tokens } from '../../auth/Tokens.ts';
import { RecordingLookup } from '../../broadcast/RecordingLookup.ts';
import type { Replay, Replays } from '../../broadcast/Replays.ts';
import { writeOgg } from '../../broadcast/writeOgg.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { RecordingDetail } from '../../sql/recording.ts';
import { authenticate } from '../authenticate.ts';
import { guardLookups, type LookupOptions } from '../guardLookups.ts';
import { parseBody } from '../parseBody.ts';

/** A replay that its host may still rename or withdraw is asked for again, and answered with "not modified" where it is the same. */
const AUDIO_CACHE = 'no-cache';
/** The head of a file comes from memory, in two chunks at most: the one after it shows whether the storage answers. */
const CHUNKS_BEFORE_HEADERS = 3;

export interface RecordingRoutesOptions extends LookupOptions {
  readonly archive: Pick<Archive, 'recordings' | 'deleteRecording'>;
  readonly replays: Replays;
  readonly tokens: Tokens;
  readonly logger: Logger;
  readonly config: Pick<Config, 'basePath'>;
}

/** Recordings of rooms: what they are, their sound, and what their host does with them. A recording has the id of its room. */
export function recordingRoutes({
  archive,
  replays,
  tokens,
  logger,
  config,
  ...lookups
}: RecordingRoutesOptions): Router {
  const guarded = guardLookups(lookups);
  const lookup = new RecordingLookup(archive.recordings);
  const personOf = (req: Request) => (req.get('authorization') ? authenticate(req, tokens) : null);
  const find = async (req: Request<{ id: string }>): Promise<RecordingDetail> =>
    guarded(req, async () => {
      const { id } = req.params;
      const recording = roomId.safeParse(id).success ? await lookup.find(id) : null;
      if (!recording) throw new AppError('NOT_FOUND', 'There is no such recording');
      return recording;
    });
  const findOwn = async (req: Request<{ id: string }>): Promise<RecordingDetail> => {
    const person = authenticate(req, tokens);
    const recording = await find(req);
    if (recording.host.userId !== person.userId) throw new AppError('NOT_ALLOWED', 'Only its host may do that');
    return recording;
  };
  const describe = async (recording: RecordingDetail, person: Person | null): Promise<RecordingInfo> => {
    const { id, title, host, language, visibility, startedAt, state } = recording;
    const isReady = state === 'ready';
    const path = `${config.basePath}/api/recordings/${id}/${visibility === 'private' ? tokens.signListening(id) : 'open'}`;
    const replay = isReady ? (await replays.open(recording)).replay : null;
    return {
      ...{ id, title, host, language, visibility, startedAt, state: isReady ? 'ready' : 'recording' },
      mayEdit: person?.userId === host.userId,
      replay: replay && { ...replay, audio: `${path}/audio.mp4`, ogg: `${path}/audio.ogg` },
    };
  };
  const openReplay = async (req: Request<{ id: string; pass: string }>): Promise<Replay> => {
    const { id, pass } = req.params;
    const recording = await find(req);
    if (recording.visibility === 'private' && !tokens.mayListen(pass, id))
      throw new AppError('NOT_ALLOWED', 'The recording is private');
    if (recording.state !== 'ready') throw new AppError('INVALID_STATE', 'The recording still goes on');
    return replays.open(recording);
  };
  return Router()
    .use(async (req, _res, next) => {
      await lookups.limits.take('recordings', lookups.networkOf(req));
      next();
    })
    .get('/:id', async (req, res) => {
      const recording = await find(req);
      const person = personOf(req);
      if (recording.visibility === 'private' && recording.host.userId !== person?.userId)
        throw new AppError('NOT_ALLOWED', 'The recording is private');
      res.set('Cache-Control', 'no-cache').json(await describe(recording, person));
    })
    .patch('/:id', async (req, res) => {
      const { id } = await findOwn(req);
      const { title, visibility } = parseBody(recordingChanges, req);
      await archive.recordings.change(id, { ...(title && { title }), ...(visibility && { visibility }) });
      lookup.forget(id);
      res.status(204).end();
    })
    .delete('/:id', async (req, res) => {
      const { id, state } = await findOwn(req);
      if (state === 'recording') throw new AppError('INVALID_STATE', 'It is being recorded: stop that first');
      await archive.deleteRecording(id);
      lookup.forget(id);
      res.status(204).end();
    })
    .get('/:id/:pass/audio.mp4', async (req, res) => sendRange(req, res, await openReplay(req), logger))
    .get('/:id/:pass/audio.ogg', async (req, res) => sendOgg(req, res, await openReplay(req), logger));
}

/** The file, or the part of it that is asked for (RFC 9110, section 14). */
async function sendRange(req: Request, res: Response, { file, etag }: Replay, logger: Logger): Promise<void> {
  const headers = { 'Accept-Ranges': 'bytes', 'Cache-Control': AUDIO_CACHE, 'Content-Type': 'audio/mp4', ETag: etag };
  // Whether it is fresh is read from the headers of the answer.
  res.set({ 'Cache-Control': AUDIO_CACHE, ETag: etag });
  if (req.fresh) return void res.set(headers).status(304).end();
  res.removeHeader('ETag');
  const condition = req.get('if-range');
  const ranges = condition === undefined || condition === etag ? req.range(file.bytes) : undefined;
  if (ranges === -1) return void res.set(headers).status(416).set('Content-Range', `bytes */${file.bytes}`).end();
  // Of several ranges, none is given alone: the whole file is a right answer, too.
  const range = Array.isArray(ranges) && ranges.length === 1 ? ranges[0] : undefined;
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
  const sound = req.method === 'HEAD' ? null : await begin(file.read(start, end));
  res.set(headers).set('Content-Length', String(end - start + 1));
  if (range) res.status(206).set('Content-Range', `bytes ${start}-${end}/${file.bytes}`);
  await send(res, sound, logger);
}

async function sendOgg(req: Request, res: Response, { file }: Replay, logger: Logger): Promise<void> {
  const sound = req.method === 'HEAD' ? null : await begin(writeOgg(file.packets()));
  res.set({ 'Content-Type': 'audio/ogg', 'Content-Disposition': 'attachment; filename="recording.ogg"' });
  await send(res, sound, logger);
}

/** Reads the first of the sound before anything is answered: a storage that is away is an answer then, and no cut connection. */
async function begin(chunks: AsyncGenerator<Uint8Array>): Promise<Readable> {
  const first: Uint8Array[] = [];
  while (first.length < CHUNKS_BEFORE_HEADERS) {
    const { value, done } = await chunks.next();
    if (done) break;
    first.push(value);
  }
  return Readable.from(
    (async function* () {
      yield* first;
      yield* chunks;
    })(),
  );
}

/** @param sound null for the headers alone */
async function send(res: Response, sound: Readable | null, logger: Logger): Promise<void> {
  if (!sound) return void res.end();
  try {
    await pipeline(sound, res);
  } catch (error) {
    // Players close connections all the time. Of anything else, the cut connection is all that the listener gets to know.
    if ((error as { code?: unknown }).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    logger.warn({ err: error }, 'A replay was cut off while it was read');
  }
}
