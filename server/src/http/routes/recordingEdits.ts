import { LIMITS } from '@tribune/shared/domain.ts';
import type { RecordingEdit } from '@tribune/shared/recordings.ts';
import { chapterRequest, cutRequest } from '@tribune/shared/schemas.ts';
import { Router } from 'express';
import { nanoid } from 'nanoid';
import { replayInfo, speechOf } from '../../broadcast/describeReplay.ts';
import type { Replays } from '../../broadcast/Replays.ts';
import { AppError } from '../../errors.ts';
import type { Recordings } from '../../sql/recording.ts';
import { parseBody } from '../parseBody.ts';
import type { RecordingAccess } from './recordingAccess.ts';

const ID_LENGTH = 10;

interface RecordingEditOptions {
  readonly recordings: Recordings;
  readonly access: RecordingAccess;
  readonly replays: Replays;
  /** Unix time in ms by the clock of the segments, which all nodes share. */
  readonly nowMs: () => number;
}

/** What a host cuts out of a recording and puts back, and the chapters that a host makes. Times are those of the uncut recording. */
export function recordingEditRoutes({ recordings, access, replays, nowMs }: RecordingEditOptions): Router {
  return Router()
    .get('/:id/edit', async (req, res) => {
      const recording = await access.findOwnReady(req);
      const uncut = await replays.openUncut(recording);
      const edit: RecordingEdit = {
        uncut: replayInfo(uncut, access.uncutPathOf(recording)),
        cuts: recording.cuts.map(({ id, from, to, userId }) => ({
          ...{ id, fromMs: uncut.file.toFileMs(from), toMs: uncut.file.toFileMs(to), userId },
        })),
      };
      res.set('Cache-Control', 'no-store').json(edit);
    })
    .post('/:id/cuts', async (req, res) => {
      const recording = await access.findOwnReady(req);
      const cut = parseBody(cutRequest, req);
      const { file } = await replays.openUncut(recording);
      if ('userId' in cut) {
        const { userId } = cut;
        const cuts = speechOf(file, userId).map((stretch) => ({ id: nanoid(ID_LENGTH), ...stretch, userId }));
        await recordings.replaceCuts(recording.id, userId, cuts);
      } else {
        if (recording.cuts.filter(({ userId }) => userId === null).length >= LIMITS.cuts)
          throw new AppError('QUOTA_EXCEEDED', 'There are too many cuts in this recording');
        const [from, to] = [file.toRecordedMs(cut.fromMs), file.toRecordedMs(cut.toMs)];
        await recordings.addCuts(recording.id, [{ id: nanoid(ID_LENGTH), from, to, userId: null }]);
      }
      access.forget(recording.id);
      res.status(204).end();
    })
    .delete('/:id/cuts/:cutId', async (req, res) => {
      const { id } = await access.findOwn(req);
      if (!(await recordings.deleteCuts(id, { id: req.params.cutId })))
        throw new AppError('NOT_FOUND', 'There is no such cut');
      access.forget(id);
      res.status(204).end();
    })
    .post('/:id/chapters', async (req, res) => {
      const recording = await access.findOwn(req);
      const { title, atMs, agoMs = 0 } = parseBody(chapterRequest, req);
      if (recording.chapters.length >= LIMITS.chapters)
        throw new AppError('QUOTA_EXCEEDED', 'There are too many chapters in this recording');
      const isOn = recording.state === 'recording';
      if (!isOn && atMs === undefined) throw new AppError('INVALID_PAYLOAD', 'atMs: where the chapter begins');
      const at = isOn
        ? Math.max(recording.startedAt, nowMs() - agoMs)
        : (await replays.openUncut(recording)).file.toRecordedMs(atMs ?? 0);
      await recordings.putChapter(recording.id, { id: nanoid(ID_LENGTH), at, title, automatic: false });
      access.forget(recording.id);
      res.status(204).end();
    })
    .delete('/:id/chapters/:chapterId', async (req, res) => {
      const { id } = await access.findOwn(req);
      if (!(await recordings.deleteChapter(id, req.params.chapterId)))
        throw new AppError('NOT_FOUND', 'There is no such chapter');
      access.forget(id);
      res.status(204).end();
    })
    .delete('/:id/people/:userId/cuts', async (req, res) => {
      const { id } = await access.findOwn(req);
      await recordings.deleteCuts(id, { userId: req.params.userId });
      access.forget(id);
      res.status(204).end();
    });
}
