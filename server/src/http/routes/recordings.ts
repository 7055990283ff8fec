import type { Person } from '@tribune/shared/domain.ts';
import type { RecordingInfo } from '@tribune/shared/recordings.ts';
import { recordingChanges } from '@tribune/shared/schemas.ts';
import { Router } from 'express';
import type { Archive } from '../../archive/Archive.ts';
import { replayInfo } from '../../broadcast/describeReplay.ts';
import type { Replays } from '../../broadcast/Replays.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { RecordingDetail } from '../../sql/recording.ts';
import { parseBody } from '../parseBody.ts';
import { sendOgg, sendRange } from '../sendSound.ts';
import { RecordingAccess, type RecordingAccessOptions } from './recordingAccess.ts';
import { recordingEditRoutes } from './recordingEdits.ts';

export interface RecordingRoutesOptions extends RecordingAccessOptions {
  readonly archive: Pick<Archive, 'recordings' | 'deleteRecording'>;
  readonly replays: Replays;
  readonly logger: Logger;
}

/** Recordings of rooms: what they are, their sound, and what their host does with them. A recording has the id of its room. */
export function recordingRoutes({ replays, logger, ...options }: RecordingRoutesOptions): Router {
  const { archive, limits, networkOf } = options;
  const access = new RecordingAccess(options);
  const describe = async (recording: RecordingDetail, person: Person | null): Promise<RecordingInfo> => {
    const { id, title, host, language, visibility, startedAt, state } = recording;
    const isReady = state === 'ready';
    return {
      ...{ id, title, host, language, visibility, startedAt, state: isReady ? 'ready' : 'recording' },
      mayEdit: person?.userId === host.userId,
      replay: isReady
        ? replayInfo(await replays.open(recording), recording, `${access.pathOf(recording)}/audio`)
        : null,
    };
  };
  return Router()
    .use(async (req, _res, next) => {
      await limits.take('recordings', networkOf(req));
      next();
    })
    .use(recordingEditRoutes({ recordings: archive.recordings, access, replays }))
    .get('/:id', async (req, res) => {
      const recording = await access.find(req);
      const person = access.personOf(req);
      if (recording.visibility === 'private' && recording.host.userId !== person?.userId)
        throw new AppError('NOT_ALLOWED', 'The recording is private');
      res.set('Cache-Control', 'no-cache').json(await describe(recording, person));
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
    .get('/:id/:pass/uncut.mp4', async (req, res) =>
      sendRange(req, res, await replays.openUncut(await access.findUncut(req)), logger),
    )
    .get('/:id/:pass/uncut.ogg', async (req, res) =>
      sendOgg(req, res, await replays.openUncut(await access.findUncut(req)), logger),
    );
}
