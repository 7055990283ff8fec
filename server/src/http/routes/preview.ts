import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request, type Response } from 'express';
import type { AddressLimits } from '../../admission/AddressLimits.ts';
import type { Archive } from '../../archive/Archive.ts';
import { PreviewImages } from '../../preview/PreviewImages.ts';
import { PREVIEW_MARK, previewTags, type Previewed } from '../../preview/previewTags.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { originOf } from '../originOf.ts';

const IMAGE_CACHE = 'public, max-age=60';

export interface PreviewRoutesOptions {
  readonly rooms: RoomManager;
  readonly archive: Pick<Archive, 'recordings'>;
  readonly limits: AddressLimits;
  readonly networkOf: (req: Request) => string;
}

type PageParameters = { id: string; clip?: string };

/**
 * What a link to a room, a recording or a clip shows in a chat or a search, for bots and people alike: tags in the head of the page, and a
 * picture.
 * @param webDir of the built page; without it another server has the page, and includes `/preview/r/ID`
 */
export function previewRoutes({ rooms, archive, limits, networkOf }: PreviewRoutesOptions, webDir?: string): Router {
  const images = new PreviewImages();
  const findRoom = async (id: string): Promise<Previewed | null> => {
    const room = await rooms.describe(id).catch(() => null);
    return room && { ...room, kind: room.phase, path: `/r/${id}` };
  };
  const findRecording = async (id: string): Promise<Previewed | null> => {
    const recording = await archive.recordings.find(id);
    if (recording?.state !== 'ready' || recording.visibility === 'private') return null;
    const { title, host, language } = recording;
    return { kind: 'recording', path: `/r/${id}/replay`, title, host, language };
  };
  const findClip = async (id: string, clipId: string): Promise<Previewed | null> => {
    const [recording, clip] = [await findRecording(id), await archive.recordings.findClip(clipId)];
    if (!recording || clip?.recordingId !== id) return null;
    const audio = `/api/recordings/${id}/open/clips/${clipId}/audio.mp4`;
    return { ...recording, kind: 'clip', path: `/r/${id}/clip/${clipId}`, title: clip.title, audio };
  };
  /** Null where there is no such thing, or too many were asked for: a link to it shows the site. */
  const find = async (req: Request<PageParameters>, page: 'room' | 'replay' | 'clip'): Promise<Previewed | null> => {
    const { id, clip = '' } = req.params;
    if (!roomId.safeParse(id).success) return null;
    try {
      if (!rooms.rooms.has(id)) await limits.take('unknownRooms', networkOf(req));
      if (page === 'clip') return await findClip(id, clip);
      // Whichever of the two is there: a room is forgotten before its recording is.
      return page === 'room'
        ? ((await findRoom(id)) ?? (await findRecording(id)))
        : ((await findRecording(id)) ?? (await findRoom(id)));
    } catch {
      return null;
    }
  };
  const router = Router();
  const page = webDir && (async () => readFile(join(webDir, 'index.html'), 'utf8'));
  const send = (res: Response, html: string) => res.set('Cache-Control', 'no-cache').type('html').send(html);
  for (const [path, kind] of [
    ['/r/:id', 'room'],
    ['/r/:id/replay', 'replay'],
    ['/r/:id/clip/:clip', 'clip'],
  ] as const) {
    const tagsOf = async (req: Request<PageParameters>) => previewTags(await find(req, kind), originOf(req));
    router.get(`/preview${path}`, async (req: Request<PageParameters>, res) => send(res, await tagsOf(req)));
    router.get(`${path}/preview.png`, async (req: Request<PageParameters>, res) => {
      const found = await find(req, kind);
      const image = found && (await images.draw(found));
      // Chats show it on pages of their own.
      res.set('Cross-Origin-Resource-Policy', 'cross-origin');
      if (image) res.set('Cache-Control', IMAGE_CACHE).type('png').send(image);
      else res.set('Cache-Control', 'no-cache').redirect(302, '/icon-512.png');
    });
    if (!page) continue;
    router.get(path, async (req: Request<PageParameters>, res) => {
      const [html, tags] = await Promise.all([page(), tagsOf(req)]);
      send(
        res,
        html.replace(PREVIEW_MARK, () => tags),
      );
    });
  }
  if (page)
    router.get('/', async (req, res) => {
      const html = await page();
      send(
        res,
        html.replace(PREVIEW_MARK, () => previewTags(null, originOf(req))),
      );
    });
  return router;
}
