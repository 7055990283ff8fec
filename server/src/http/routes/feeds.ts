import { userId } from '@tribune/shared/schemas.ts';
import { Router } from 'express';
import type { Archive } from '../../archive/Archive.ts';
import { peopleOf } from '../../broadcast/describeReplay.ts';
import { chaptersOf } from '../../broadcast/chapters.ts';
import { versionOf, type Replays } from '../../broadcast/Replays.ts';
import { writeFeed, type FeedItem } from '../../broadcast/writeFeed.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import { StorageError } from '../../objects/StorageError.ts';
import type { RecordingDetail } from '../../sql/recording.ts';
import { guardLookups, type LookupOptions } from '../guardLookups.ts';
import { siteUrlOf } from '../siteUrlOf.ts';

const MAX_ITEMS = 50;
const FEED_CACHE = 'public, max-age=300';

export interface FeedRoutesOptions extends LookupOptions {
  readonly archive: Pick<Archive, 'recordings'>;
  readonly replays: Replays;
  readonly config: Pick<Config, 'basePath'>;
}

/** A podcast of each host: the recordings that the host has made public. */
export function feedRoutes(options: FeedRoutesOptions): Router {
  const { archive, replays, config, ...lookups } = options;
  const { recordings } = archive;
  const guarded = guardLookups(lookups);
  const measure = async (recording: RecordingDetail) => {
    const version = versionOf(recording);
    const known = await recordings.findSoundSize(recording.id, version);
    if (known) return known;
    const { file } = await replays.open(recording);
    const size = { bytes: file.bytes, durationMs: file.durationMs };
    // Of one that has just ended, the last segment may still come. Where the size could not be kept, it is measured again.
    if (replays.isSettled(recording)) await recordings.putSoundSize(recording.id, version, size).catch(() => undefined);
    return size;
  };
  const describe = async (recording: RecordingDetail, siteUrl: string): Promise<FeedItem> => {
    const { id, title, host, startedAt } = recording;
    const { bytes, durationMs } = await measure(recording);
    const path = `${siteUrl}/api/recordings/${id}/open`;
    return {
      ...{ id, title, startedAt, durationMs, host, audioBytes: bytes },
      guests: peopleOf(recording).filter((person) => person.userId !== host.userId),
      page: `${siteUrl}/r/${id}/replay`,
      audio: `${path}/audio.mp4`,
      ogg: `${path}/audio.ogg`,
      chapters: chaptersOf(recording).length > 0 ? `${path}/chapters.json` : null,
    };
  };
  return Router().get('/:userId.xml', async (req, res) => {
    await lookups.limits.take('recordings', lookups.networkOf(req));
    const hostId = userId.safeParse(req.params.userId).data;
    const list = await guarded(req, async () => {
      const filter = { visibility: 'public', limit: MAX_ITEMS } as const;
      const found = hostId ? await recordings.list({ ...filter, hostId }) : [];
      const ready = found.filter(({ state }) => state === 'ready');
      if (ready.length === 0) throw new AppError('NOT_FOUND', 'There is no such feed');
      return ready;
    });
    const siteUrl = siteUrlOf(req, config.basePath);
    if (!siteUrl) throw new AppError('INVALID_PAYLOAD', 'The server does not know its own address');
    const items: FeedItem[] = [];
    let unread: StorageError | null = null;
    for (const { id } of list) {
      const recording = await recordings.find(id);
      if (recording?.visibility !== 'public') continue;
      try {
        const item = await describe(recording, siteUrl);
        if (item.durationMs > 0) items.push(item);
      } catch (error) {
        // One whose sound cannot be read now must not keep the others from those who follow the podcast.
        if (!(error instanceof StorageError)) throw error;
        unread = error;
      }
    }
    // A podcast without any is one whose recordings were deleted.
    if (unread && items.length === 0) throw unread;
    const [{ host, language }] = list as [RecordingDetail];
    const feed = { url: `${siteUrl}/api/feeds/${hostId}.xml`, site: siteUrl, image: `${siteUrl}/icon-512.png` };
    res
      .set({ 'Cache-Control': FEED_CACHE, 'Access-Control-Allow-Origin': '*' })
      .type('application/rss+xml')
      .send(writeFeed({ host, language, ...feed, items }));
  });
}
