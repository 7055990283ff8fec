import type { Archive } from './Archive.ts';
import { openObjects } from '../objects/openObjects.ts';
// TEMPORARY
export async function openArchive(config: {
  DATA_DIR: string;
}): Promise<Archive & { storage: { folder: string; s3: null }; close(): void }> {
  const storage = { folder: config.DATA_DIR, s3: null };
  const rows = new Map<string, any>();
  const put = (list: any[], item: any, same: (x: any) => boolean) => {
    const i = list.findIndex(same);
    if (i < 0) list.push(item);
    else list[i] = item;
  };
  return {
    storage,
    close() {},
    objects: openObjects(storage),
    recordings: {
      find: async (id: string) => structuredClone(rows.get(id) ?? null),
      change: async (id: string, c: any) => (Object.assign(rows.get(id), c), true),
    } as any,
    log: {
      start: (r: any) => {
        const k = rows.get(r.id);
        if (k) Object.assign(k, { state: 'recording', endedAt: null });
        else
          rows.set(r.id, {
            ...r,
            state: 'recording',
            endedAt: null,
            durationMs: 0,
            bytes: 0,
            runs: [],
            gaps: [],
            stretches: [],
            chapters: [],
          });
      },
      addRun: (id: string, run: any) => put(rows.get(id).runs, run, (x) => x.first === run.first),
      addGap: (id: string, gap: any) => put(rows.get(id).gaps, gap, (x) => x.from === gap.from),
      addStretch: (id: string, s: any) =>
        put(rows.get(id).stretches, s, (x) => x.from === s.from && x.person.userId === s.person.userId),
      addChapter() {},
      finish: (id: string, e: any) => {
        Object.assign(rows.get(id), { state: 'ready', ...e });
        for (const s of rows.get(id).stretches) s.to ??= e.endedAt;
      },
    } as any,
    bytesLeft: async () => Infinity,
    deleteRecording: async (id: string) => rows.delete(id),
  };
}
