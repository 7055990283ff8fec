import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSpeech, SAME_SPEECH, similarity, SOUND_PROBE_HZ } from '@tribune/loadtest/browsers/similarity.ts';
import { RealRoom } from './support/RealRoom.ts';
import { TestServer } from './support/TestServer.ts';

const SECONDS = 4;
const FIXTURE = new URL('../../e2e/fixtures/speech.wav', import.meta.url);
const hasFfmpeg = await promisify(execFile)('ffmpeg', ['-version']).then(
  () => true,
  () => false,
);

/** What ffmpeg, which most players of files and radios are built on, hears of a live room. */
async function listen(url: string): Promise<Float32Array> {
  const to = ['-t', String(SECONDS), '-ac', '1', '-ar', String(SOUND_PROBE_HZ), '-f', 's16le', 'pipe:1'];
  const { stdout } = await promisify(execFile)('ffmpeg', ['-loglevel', 'error', '-i', url, ...to], {
    encoding: 'buffer',
    maxBuffer: 10_000_000,
    timeout: 30_000,
  });
  return Float32Array.from({ length: Math.floor(stdout.length / 2) }, (_, n) => stdout.readInt16LE(2 * n) / 32_768);
}

describe('a live room for radios and players of files', () => {
  let server: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    server = await TestServer.create();
    room = await RealRoom.create(server);
    await room.speak(room.host);
  });
  afterAll(async () => {
    await room.close();
    await server.close();
  });

  it.runIf(hasFfmpeg)('[LS6] is an endless Ogg file, MP3 and AAC, in which ffmpeg hears what is said', async () => {
    const speech = await readSpeech(FIXTURE);
    const formats = ['ogg', 'mp3', 'aac', 'stream'] as const;
    const heard = await Promise.all(
      formats.map(async (format) =>
        listen(`${server.origin}/live/${room.roomId}${format === 'stream' ? '/stream.mp4' : `.${format}`}`),
      ),
    );
    for (const sound of heard) {
      expect(sound.length).toBeGreaterThan((SECONDS - 0.5) * SOUND_PROBE_HZ);
      expect(similarity(sound, speech)).toBeGreaterThan(SAME_SPEECH);
    }
  });

  it('[LS7] says so where it has no ffmpeg', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    const other = await TestServer.create();
    try {
      const second = await RealRoom.create(other);
      const response = await fetch(`${other.origin}/live/${second.roomId}.mp3`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringContaining('ffmpeg') });
      expect((await fetch(`${other.origin}/live/${second.roomId}.ogg`, { method: 'HEAD' })).status).toBe(200);
      await second.close();
    } finally {
      process.env.PATH = path;
      await other.close();
    }
  });
});
