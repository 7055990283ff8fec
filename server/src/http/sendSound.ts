import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Replay } from '../broadcast/Replays.ts';
import { writeOgg } from '../broadcast/writeOgg.ts';
import type { Logger } from '../logger.ts';

/** A replay that its host may still rename or withdraw is asked for again, and answered with "not modified" where it is the same. */
const AUDIO_CACHE = 'no-cache';
/** In no shared cache: its host may cut it or withdraw it, and it may be private. */
const OGG_CACHE = 'private, no-cache';
/** The head of a file comes from memory, in two chunks at most: the one after it shows whether the storage answers. */
const CHUNKS_BEFORE_HEADERS = 3;

/** The file, or the part of it that is asked for (RFC 9110, section 14). */
export async function sendRange(req: Request, res: Response, { file, etag }: Replay, logger: Logger): Promise<void> {
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

export async function sendOgg(req: Request, res: Response, { file }: Replay, logger: Logger): Promise<void> {
  const sound = req.method === 'HEAD' ? null : await begin(writeOgg(file.packets(), file));
  res.set({
    'Cache-Control': OGG_CACHE,
    'Content-Type': 'audio/ogg',
    'Content-Disposition': 'attachment; filename="recording.ogg"',
  });
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
