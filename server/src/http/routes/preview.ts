import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RoomInfo } from '@tribune/shared/domain.ts';
import { roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request } from 'express';
import type { AddressLimits } from '../../admission/AddressLimits.ts';
import type { Config } from '../../config.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { PreviewImages } from '../../preview/PreviewImages.ts';
import { BASE_TAG, baseTag, PREVIEW_MARK, previewTags } from '../../preview/previewTags.ts';

const IMAGE_CACHE = 'public, max-age=60';

export interface PreviewRoutesOptions {
  readonly rooms: RoomManager;
  readonly limits: AddressLimits;
  readonly networkOf: (req: Request) => string;
  readonly config: Pick<Config, 'basePath'>;
}

/**
 * What a link to a room shows in a chat or a search, for bots and people alike: tags in the head of the page, and a picture.
 * @param webDir of the built page; without it another server has the page, and includes `/preview/r/ID`
 */
export function previewRoutes({ rooms, limits, networkOf, config }: PreviewRoutesOptions, webDir?: string): Router {
  const images = new PreviewImages();
  /** Null where there is no such room, or too many were asked for: a link to it shows the site. */
  const find = async (req: Request, id: string): Promise<RoomInfo | null> => {
    if (!roomId.safeParse(id).success) return null;
    try {
      if (!rooms.rooms.has(id)) await limits.take('unknownRooms', networkOf(req));
      return await rooms.describe(id);
    } catch {
      return null;
    }
  };
  const { basePath } = config;
  const urlOf = (req: Request) => {
    const origin = originOf(req);
    return origin === null ? null : origin + basePath;
  };
  const tagsOf = async (req: Request, id: string) => previewTags(await find(req, id), urlOf(req));
  const router = Router()
    .get('/preview/r/:id{/replay}', async (req, res) => {
      res
        .set('Cache-Control', 'no-cache')
        .type('html')
        .send(await tagsOf(req, req.params.id));
    })
    .get('/r/:id/preview.png', async (req, res) => {
      const room = await find(req, req.params.id);
      const image = room && (await images.draw(room));
      // Chats show it on pages of their own.
      res.set('Cross-Origin-Resource-Policy', 'cross-origin');
      if (image) res.set('Cache-Control', IMAGE_CACHE).type('png').send(image);
      else res.set('Cache-Control', 'no-cache').redirect(302, `${basePath}/icon-512.png`);
    });
  if (!webDir) return router;
  const page = async (tags: string) => {
    const html = await readFile(join(webDir, 'index.html'), 'utf8');
    return html.replace(BASE_TAG, () => baseTag(basePath)).replace(PREVIEW_MARK, () => tags);
  };
  return router
    .get('/', async (req, res) => {
      const html = await page(previewTags(null, urlOf(req)));
      res.set('Cache-Control', 'no-cache').type('html').send(html);
    })
    .get('/r/:id{/replay}', async (req, res) => {
      const html = await page(await tagsOf(req, req.params.id));
      res.set('Cache-Control', 'no-cache').type('html').send(html);
    });
}

/** As the visitor has it, by what the proxies in front say. */
function originOf(req: Request): string | null {
  const origin = `${req.protocol}://${req.host}`;
  return URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase() ? origin : null;
}
