import type { Person } from '@tribune/shared/domain.ts';
import { LIMITS } from '@tribune/shared/domain.ts';
import type { ClipInfo, ClipSummary, RecordingInfo } from '@tribune/shared/recordings.ts';
import { clipRequest } from '@tribune/shared/schemas.ts';
import { Router, type Request } from 'express';
import { nanoid } from 'nanoid';
import { replayInfo } from '../../broadcast/describeReplay.ts';
import type { Replay, Replays } from '../../broadcast/Replays.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Clip, RecordingDetail, Recordings } from '../../sql/recording.ts';
import { parseBody } from '../parseBody.ts';
import { sendOgg, sendRange } from '../sendSound.ts';
import type { LookupOptions } from '../guardLookups.ts';
import type { RecordingAccess } from './recordingAccess.ts';

const ID_LENGTH = 12;

interface RecordingClipOptions extends LookupOptions {
  readonly recordings: Recordings;
  readonly access: RecordingAccess;
  readonly replays: Replays;
  readonly logger: Logger;
  readonly describe: (recording: RecordingDetail, person: Person | null) => Omit<RecordingInfo, 'replay' | 'soFar'>;
}

/** Clips: parts of a recording, of three minutes at most, with links of their own. Whoever may hear a recording may make them. */
export function recordingClipRoutes(options: RecordingClipOptions): Router {
  const { recordings, access, replays, logger, describe, limits, networkOf } = options;
  const findClip = async (recording: RecordingDetail, clipId: string): Promise<Clip> => {
    const clip = await recordings.findClip(clipId);
    if (clip?.recordingId !== recording.id) throw new AppError('NOT_FOUND', 'There is no such clip');
    return clip;
  };
  const openClip = async (req: Request<{ id: string; pass: string; clipId: string }>) => {
    const recording = await access.findHeard(req);
    return replays.openClip(recording, await findClip(recording, req.params.clipId));
  };
  return Router()
    .get('/:id/clips', async (req, res) => {
      const { recording, person } = await access.findReadable(req);
      const clips = await recordings.listClips(recording.id);
      const { file } = await replays.open(recording);
      const summaries = clips.map((clip) => summarize(clip, { file, recording, person }));
      // Of a clip that was cut out, nothing is left.
      res.set('Cache-Control', 'no-cache').json({ clips: summaries.filter(({ durationMs }) => durationMs > 0) });
    })
    .post('/:id/clips', async (req, res) => {
      const { recording, person } = await access.findReadable(req);
      if (!person) throw new AppError('UNAUTHENTICATED', 'A session is needed');
      const { title, fromMs, toMs } = parseBody(clipRequest, req);
      await limits.take('clips', networkOf(req));
      if ((await recordings.listClips(recording.id)).length >= LIMITS.clips)
        throw new AppError('QUOTA_EXCEEDED', 'There are too many clips of this recording');
      const { file } = await replays.open(recording);
      if (fromMs >= file.durationMs) throw new AppError('INVALID_PAYLOAD', 'fromMs: is after the end');
      const times = { from: file.toRecordedMs(fromMs), to: file.toRecordedMs(Math.min(toMs, file.durationMs)) };
      const clip: Clip = {
        ...{ id: nanoid(ID_LENGTH), recordingId: recording.id, title, ...times },
        ...{ userId: person.userId, createdAt: Date.now() },
      };
      await recordings.addClip(clip);
      res.status(201).json(summarize(clip, { file, recording, person }));
    })
    .get('/:id/clips/:clipId', async (req, res) => {
      const { recording, person } = await access.findReadable(req);
      const found = await findClip(recording, req.params.clipId);
      const { file } = await replays.open(recording);
      const clip = summarize(found, { file, recording, person });
      const path = `${access.pathOf(recording)}/clips/${clip.id}/audio`;
      const replay = replayInfo(await replays.openClip(recording, found), path);
      if (replay.durationMs === 0) throw new AppError('NOT_FOUND', 'There is no such clip any more');
      const info: ClipInfo = { clip, recording: { ...describe(recording, person), soFar: null, replay } };
      res.set('Cache-Control', 'no-cache').json(info);
    })
    .delete('/:id/clips/:clipId', async (req, res) => {
      const { recording, person } = await access.findReadable(req);
      const clip = await findClip(recording, req.params.clipId);
      if (!mayDelete(clip, { recording, person }))
        throw new AppError('NOT_ALLOWED', 'Only whoever made it, and the host, may do that');
      await recordings.deleteClip(clip.id);
      res.status(204).end();
    })
    .get('/:id/:pass/clips/:clipId/audio.mp4', async (req, res) => sendRange(req, res, await openClip(req), logger))
    .get('/:id/:pass/clips/:clipId/audio.ogg', async (req, res) => sendOgg(req, res, await openClip(req), logger));
}

/** Whose clip it is, and who asks. */
interface ClipContext {
  readonly recording: RecordingDetail;
  readonly person: Person | null;
}

function mayDelete({ userId }: Clip, { recording, person }: ClipContext): boolean {
  return person !== null && [userId, recording.host.userId].includes(person.userId);
}

function summarize(clip: Clip, { file, ...context }: ClipContext & Pick<Replay, 'file'>): ClipSummary {
  const { id, title, from, to } = clip;
  const atMs = file.toFileMs(from);
  return { id, title, atMs, durationMs: file.toFileMs(to) - atMs, mayDelete: mayDelete(clip, context) };
}
