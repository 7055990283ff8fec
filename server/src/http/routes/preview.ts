import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request, type Response } from 'express';
import type { AddressLimits } from '../../admission/AddressLimits.ts';
import type { Archive } from '../../archive/Archive.ts';
import type { Config } from '../../config.ts';
import { PreviewImages } from '../../preview/PreviewImages.ts';
import { BASE_TAG, baseTag, PREVIEW_MARK, previewTags, type Previewed } from '../../preview/previewTags.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { siteUrlOf } from '../siteUrlOf.ts';

const IMAGE_CACHE = 'public, max-age=60';

export interface PreviewRoutesOptions {
  readonly rooms: RoomManager;
  readonly archive: Pick<Archive, 'recordings'>;
  readonly limits: AddressLimits;
  readonly networkOf: (req: Request) => string;
  readonly config: Pick<Config, 'basePath'>;
}

type PageParameters = { id: string; clip?: string };

/**
 * What a link to a room, a recording or a clip shows in a chat or a search, for bots and people alike: tags in the head of the page, and a
 * picture.
 * @param webDir of the built page; without it another server has the page, and includes `/preview/r/ID`
 */
export function previewRoutes(options: PreviewRoutesOptions, webDir?: string): Router {
  const { rooms, archive, limits, networkOf, config } = options;
  const { basePath } = config;
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
  const page =
    webDir &&
    (async (tags: string) => {
      const html = await readFile(join(webDir, 'index.html'), 'utf8');
      return html.replace(BASE_TAG, () => baseTag(basePath)).replace(PREVIEW_MARK, () => tags);
    });
  const send = (res: Response, html: string) => res.set('Cache-Control', 'no-cache').type('html').send(html);
  for (const [path, kind] of [
    ['/r/:id', 'room'],
    ['/r/:id/replay', 'replay'],
    ['/r/:id/clip/:clip', 'clip'],
  ] as const) {
    const tagsOf = async (req: Request<PageParameters>) => previewTags(await find(req, kind), siteUrlOf(req, basePath));
    router.get(`/preview${path}`, async (req: Request<PageParameters>, res) => send(res, await tagsOf(req)));
    router.get(`${path}/preview.png`, async (req: Request<PageParameters>, res) => {
      const found = await find(req, kind);
      const image = found && (await images.draw(found));
      // Chats show it on pages of their own.
      res.set('Cross-Origin-Resource-Policy', 'cross-origin');
      if (image) res.set('Cache-Control', IMAGE_CACHE).type('png').send(image);
      else res.set('Cache-Control', 'no-cache').redirect(302, `${basePath}/icon-512.png`);
    });
    if (!page) continue;
    router.get(path, async (req: Request<PageParameters>, res) => send(res, await page(await tagsOf(req))));
  }
  if (page) router.get('/', async (req, res) => send(res, await page(previewTags(null, siteUrlOf(req, basePath)))));
  return router;
}
