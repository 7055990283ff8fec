import type { Person } from '@tribune/shared/domain.ts';
import type { RecordingInfo } from '@tribune/shared/recordings.ts';
import { recordingChanges } from '@tribune/shared/schemas.ts';
import { Router } from 'express';
import type { Archive } from '../../archive/Archive.ts';
import { replayInfo } from '../../broadcast/describeReplay.ts';
import { INIT_SEGMENT } from '../../broadcast/segment.ts';
import type { Replays } from '../../broadcast/Replays.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { RecordingDetail } from '../../sql/recording.ts';
import { parseBody } from '../parseBody.ts';
import { sendOgg, sendRange } from '../sendSound.ts';
import { RecordingAccess, type RecordingAccessOptions } from './recordingAccess.ts';
import { recordingClipRoutes } from './recordingClips.ts';
import { recordingEditRoutes } from './recordingEdits.ts';

/** In no shared cache, and not for long: the host may cut it out. */
const SEGMENT_CACHE = 'private, max-age=60';

export interface RecordingRoutesOptions extends RecordingAccessOptions {
  readonly archive: Pick<Archive, 'recordings' | 'deleteRecording'>;
  readonly replays: Replays;
  readonly logger: Logger;
  /** Unix time in ms by the clock that all nodes share. */
  readonly nowMs: () => number;
}

/** Recordings of rooms: what they are, their sound, and what their host does with them. A recording has the id of its room. */
export function recordingRoutes({ replays, logger, ...options }: RecordingRoutesOptions): Router {
  const { archive, limits, networkOf, nowMs } = options;
  const access = new RecordingAccess(options);
  return Router()
    .use(async (req, _res, next) => {
      await limits.take('recordings', networkOf(req));
      next();
    })
    .use(recordingEditRoutes({ recordings: archive.recordings, access, replays, nowMs }))
    .use(recordingClipRoutes({ recordings: archive.recordings, access, replays, logger, describe, limits, networkOf }))
    .get('/:id', async (req, res) => {
      const { recording, person } = await access.findKnown(req);
      const isReady = recording.state === 'ready';
      const path = access.pathOf(recording);
      const playlist = `${path}/index.m3u8`;
      const replay = isReady ? replayInfo(await replays.open(recording), `${path}/audio`, playlist) : null;
      const soFar = isReady ? null : playlist;
      const info: RecordingInfo = { ...describe(recording, person), soFar, replay };
      res.set('Cache-Control', 'no-cache').json(info);
    })
    .patch('/:id', async (req, res) => {
      const { id } = await access.findOwn(req);
      const { title, visibility } = parseBody(recordingChanges, req);
      await archive.recordings.change(id, { ...(title && { title }), ...(visibility && { visibility }) });
      access.forget(id);
      res.status(204).end();
    })
    .delete('/:id', async (req, res) => {
      const { id, state } = await access.findOwn(req);
      if (state === 'recording') throw new AppError('INVALID_STATE', 'It is being recorded: stop that first');
      await archive.deleteRecording(id);
      access.forget(id);
      res.status(204).end();
    })
    .get('/:id/:pass/audio.mp4', async (req, res) =>
      sendRange(req, res, await replays.open(await access.findHeard(req)), logger),
    )
    .get('/:id/:pass/audio.ogg', async (req, res) =>
      sendOgg(req, res, await replays.open(await access.findHeard(req)), logger),
    )
    .get('/:id/:pass/index.m3u8', async (req, res) => {
      const recording = await access.findPlayable(req);
      res.set('Cache-Control', 'no-cache').type('application/vnd.apple.mpegurl').send(replays.playlist(recording));
    })
    .get('/:id/:pass/init.mp4', async (req, res) => {
      await access.findPlayable(req);
      res.set({ 'Cache-Control': SEGMENT_CACHE, 'Content-Type': 'audio/mp4' }).send(INIT_SEGMENT);
    })
    .get('/:id/:pass/:piece.m4s', async (req, res) => {
      const bytes = await replays.readPiece(await access.findPlayable(req), req.params.piece);
      if (!bytes) throw new AppError('NOT_FOUND', 'There is no such segment');
      res.set({ 'Cache-Control': SEGMENT_CACHE, 'Content-Type': 'audio/mp4' }).send(bytes);
    })
    .get('/:id/:pass/chapters.json', async (req, res) => {
      const { file } = await replays.open(await access.findHeard(req));
      const chapters = file.chapters.map(({ atMs, title }) => ({ startTime: atMs / 1000, title }));
      // The format of Podcasting 2.0.
      res
        .set({ 'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*' })
        .type('application/json+chapters')
        .send(JSON.stringify({ version: '1.2.0', chapters }));
    })
    .get('/:id/:pass/uncut.mp4', async (req, res) =>
      sendRange(req, res, await replays.openUncut(await access.findUncut(req)), logger),
    )
    .get('/:id/:pass/uncut.ogg', async (req, res) =>
      sendOgg(req, res, await replays.openUncut(await access.findUncut(req)), logger),
    );
}

function describe(
  { id, title, host, language, visibility, startedAt, state }: RecordingDetail,
  person: Person | null,
): Omit<RecordingInfo, 'replay' | 'soFar'> {
  return {
    ...{ id, title, host, language, visibility, startedAt, state: state === 'ready' ? 'ready' : 'recording' },
    mayEdit: person?.userId === host.userId,
  };
}
