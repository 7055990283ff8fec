import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseFeed } from 'podcast-partytime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findIn, readSpeech, SAME_SPEECH, SOUND_PROBE_HZ } from '@tribune/loadtest/browsers/similarity.ts';
import type { RecordingInfo } from '@tribune/shared/recordings.ts';
import { OPUS_CLOCK_HZ } from '@tribune/shared/rtp.ts';
import { findBox, readBoxes } from '../src/broadcast/boxes.ts';
import { loadOpus } from '../src/mixer/child/opus/loadOpus.ts';
import { RealRoom } from './support/RealRoom.ts';
import { TestServer } from './support/TestServer.ts';
import type { TestPeer } from './support/TestPeer.ts';

const PLAYABLE_WITHIN_MS = 2000;
/** Of the windows of a recording; the last may have the silence of the end in it. */
const NEARLY_ALL = 0.8;
const SPEECH = new URL('../../e2e/fixtures/speech.wav', import.meta.url);
const run = promisify(execFile);

describe('a room that is recorded', () => {
  let server: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    server = await TestServer.create();
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    room = await RealRoom.create(server);
  });
  afterEach(async () => room.close());

  it('[RE1] is played again within two seconds of its end, with what was said and who said it', async () => {
    await room.speak(room.host);
    await expect.poll(() => server.server.recorder.isReady, { timeout: 10_000 }).toBe(true);
    const startedAt = Date.now();
    await room.host.request('recording:start');
    const lea = await room.bring('lea');
    await sleep(2000);
    await room.speak(lea);
    await sleep(4000);
    await room.host.request('room:end');
    const durationMs = Date.now() - startedAt;
    const { replay, mayEdit } = await waitForReplay(room.host);
    expect(mayEdit).toBe(true);
    expect(Math.abs(replay.durationMs - durationMs)).toBeLessThan(300);
    expect(replay.people.map(({ name }) => name)).toEqual(['host', 'lea']);
    expect(replay.turns.map(({ person }) => person)).toEqual([0, 1]);
    expect(replay.turns[1]!.fromMs).toBeGreaterThan(1500);
    expect(replay.gaps).toEqual([]);
    expect(Math.max(...replay.levels)).toBeGreaterThan(5);
    const sound = await decode(await fetchAudio(replay.audio));
    expect(Math.abs(sound.length / OPUS_CLOCK_HZ - replay.durationMs / 1000)).toBeLessThan(0.05);
    expect(rms(sound.subarray(OPUS_CLOCK_HZ))).toBeGreaterThan(0.01);
  });

  it('[RE2] says so to everyone in it, and to nobody else that it is not', async () => {
    const [max] = await server.joinAll(room.roomId, 'max');
    expect(max!.state.recording).toBe(false);
    await room.host.request('recording:start');
    await max!.until(() => max!.state.recording);
    await room.host.request('recording:stop');
    await max!.until(() => !max!.state.recording);
  });

  it('[RE3] is recorded at the word of its host alone', async () => {
    const lea = await room.bring('lea');
    await expect(lea.request('recording:start')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await room.host.request('cohost:add', { userId: lea.userId });
    await expect(lea.request('recording:start')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });

  it('[RE4] leaves out what was said while the recording was stopped', async () => {
    await room.speak(room.host);
    await room.host.request('recording:start');
    await sleep(1500);
    await room.host.request('recording:stop');
    await sleep(2000);
    await room.host.request('recording:start');
    await sleep(1500);
    await room.host.request('room:end');
    const { replay } = await waitForReplay(room.host);
    expect(replay.durationMs).toBeGreaterThan(2700);
    expect(replay.durationMs).toBeLessThan(3600);
    expect(replay.gaps).toEqual([]);
  });

  it('[RE5] is renamed, withdrawn and deleted by its host and by nobody else', async () => {
    await room.host.request('recording:start');
    await sleep(1000);
    const max = await server.createPeer('max');
    await room.host.request('room:end');
    const { id, replay } = await waitForReplay(max);
    await expect(max.api.changeRecording(id, { title: 'Mine' })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(max.api.deleteRecording(id)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await room.host.api.changeRecording(id, { title: 'Another title', visibility: 'private' });
    await expect(max.api.getRecording(id)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect((await fetch(server.origin + replay.audio)).status).toBe(403);
    const own = await room.host.api.getRecording(id);
    expect(own.title).toBe('Another title');
    expect((await fetch(server.origin + own.replay!.audio)).status).toBe(200);
    await room.host.api.deleteRecording(id);
    await expect(room.host.api.getRecording(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('[RE6] is given in ranges, so that players can seek, and whole as an Ogg file', async () => {
    await room.host.request('recording:start');
    await sleep(1000);
    await room.host.request('room:end');
    const { replay } = await waitForReplay(room.host);
    const whole = await fetchAudio(replay.audio);
    const part = await fetch(server.origin + replay.audio, { headers: { range: 'bytes=100-599' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 100-599/${whole.length}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(100, 600));
    const past = await fetch(server.origin + replay.audio, { headers: { range: `bytes=${whole.length}-` } });
    expect(past.status).toBe(416);
    const download = await fetch(server.origin + replay.ogg);
    expect(download.headers.get('cache-control')).toBe('private, no-cache');
    const ogg = Buffer.from(await download.arrayBuffer());
    expect(ogg.toString('latin1', 0, 4)).toBe('OggS');
    expect(ogg.includes('OpusHead')).toBe(true);
  });

  it('[RE7] goes on when the process that records dies, with a gap of which its host is told', async () => {
    await room.speak(room.host);
    await room.host.request('recording:start');
    await sleep(4000);
    process.kill(server.server.recorder.pid!, 'SIGKILL');
    const { from, to, reason } = await room.host.told('recording:lost');
    expect(reason).toBe('recorder');
    expect(to - from).toBeLessThan(7000);
    await sleep(4000);
    await room.host.request('room:end');
    const { replay } = await waitForReplay(room.host);
    expect(replay.durationMs).toBeGreaterThan(8000);
    expect(replay.gaps).toHaveLength(1);
    expect(replay.gaps[0]!.toMs).toBeLessThan(replay.durationMs - 3000);
    expect(replay.turns.at(-1)!.toMs).toBeGreaterThan(replay.durationMs - 2000);
  });

  it('[RE8] is cut by its host: what is cut is fetched by nobody else, and can be put back', async () => {
    await room.speak(room.host);
    await room.host.request('recording:start');
    const lea = await room.bring('lea');
    await sleep(1500);
    await room.speak(lea);
    await sleep(2500);
    await room.host.request('room:end');
    const { id, replay } = await waitForReplay(room.host);
    const whole = await fetchAudio(replay.audio);
    const { api } = room.host;
    await api.addCut(id, { fromMs: 0, toMs: 600 });
    await api.addCut(id, { userId: lea.userId });
    const { replay: without } = await waitForReplay(lea);
    expect(without.people.map(({ name }) => name)).toEqual(['host']);
    expect(without.turns.map(({ person }) => person)).toEqual([0]);
    expect(without.durationMs).toBeLessThan(replay.turns[1]!.fromMs + 500);
    expect((await fetchAudio(without.audio)).length).toBeLessThan(whole.length);
    const { uncut, cuts } = await api.getRecordingEdit(id);
    expect(uncut.durationMs).toBe(replay.durationMs);
    expect(cuts[0]).toMatchObject({ fromMs: 0, userId: null });
    expect(cuts.slice(1).every(({ userId }) => userId === lea.userId)).toBe(true);
    expect(await fetchAudio(uncut.audio)).toEqual(whole);
    expect((await fetch(server.origin + without.audio.replace('audio.mp4', 'uncut.mp4'))).status).toBe(403);
    await expect(lea.api.getRecordingEdit(id)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(lea.api.addCut(id, { fromMs: 0, toMs: 100 })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await api.takeBackIn(id, lea.userId);
    await api.deleteCut(id, cuts[0]!.id);
    expect(await fetchAudio(replay.audio)).toEqual(whole);
  });

  it('[RE9] has chapters, which its host makes while it is recorded and afterwards', async () => {
    await room.host.request('recording:start');
    const { api } = room.host;
    const id = room.roomId;
    await expect
      .poll(
        async () =>
          api.addChapter(id, { title: 'Made live' }).then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    await sleep(1500);
    await room.host.request('room:end');
    await waitForReplay(room.host);
    await api.addChapter(id, { title: 'Fin: 終わり', atMs: 1000 });
    const { replay } = await waitForReplay(room.host);
    expect(replay.chapters.map(({ title }) => title).toSorted()).toEqual(['Fin: 終わり', 'Made live']);
    const ogg = Buffer.from(await (await fetch(server.origin + replay.ogg)).arrayBuffer());
    expect(ogg.includes('NAME=Fin: 終わり')).toBe(true);
    expect((await fetchAudio(replay.audio)).includes('Fin: 終わり')).toBe(true);
    const max = await server.createPeer('max');
    await expect(max.api.addChapter(id, { title: 'Mine', atMs: 0 })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await api.deleteChapter(id, replay.chapters[0]!.id);
    expect((await waitForReplay(room.host)).replay.chapters).toHaveLength(1);
  });

  it('[RE10] is shared in clips of three minutes at most, of what everyone hears', async () => {
    await room.host.request('recording:start');
    await sleep(2500);
    const max = await server.createPeer('max');
    await room.host.request('room:end');
    const { id, replay } = await waitForReplay(room.host);
    const range = { title: 'The best of it', fromMs: 500, toMs: 1500 };
    const clip = await max.api.createClip(id, range);
    expect(clip).toMatchObject({ title: 'The best of it', mayDelete: true });
    const tags = await (await fetch(`${server.origin}/preview/r/${id}/clip/${clip.id}`)).text();
    expect(tags).toContain('<meta property="og:title" content="The best of it" />');
    expect(tags).toMatch(/og:audio" content="[^"]+\/audio\.mp4"/);
    expect(await (await fetch(`${server.origin}/preview/r/${id}/replay`)).text()).toContain('Recording ');
    const { recording } = await max.api.getClip(id, clip.id);
    expect(Math.abs(recording.replay!.durationMs - 1000)).toBeLessThanOrEqual(60);
    const sound = await fetchAudio(recording.replay!.audio);
    expect(sound.length).toBeLessThan((await fetchAudio(replay.audio)).length);
    await expect(max.api.createClip(id, { ...range, toMs: 181_000 })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
    });
    await room.host.api.addCut(id, { fromMs: 0, toMs: replay.durationMs });
    await expect(max.api.getClip(id, clip.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await room.host.api.listClips(id)).toEqual([]);
    const [cut] = (await room.host.api.getRecordingEdit(id)).cuts;
    await room.host.api.deleteCut(id, cut!.id);
    expect(await room.host.api.listClips(id)).toMatchObject([{ id: clip.id, mayDelete: true }]);
    const lea = await server.createPeer('lea');
    await expect(lea.api.deleteClip(id, clip.id)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await max.api.deleteClip(id, clip.id);
    expect(await max.api.listClips(id)).toEqual([]);
  });

  it('[RE11] is in the podcast of its host while it is public, and in no feed otherwise', async () => {
    await room.host.request('recording:start');
    const lea = await room.bring('lea & <co>');
    await sleep(1500);
    await room.host.request('reaction:send', { kind: 'clap' });
    await sleep(1500);
    await room.host.request('room:end');
    const { id, host, replay } = await waitForReplay(room.host);
    expect(replay.reactions.reduce((sum, count) => sum + count, 0)).toBe(1);
    const { api } = room.host;
    await api.addChapter(id, { title: 'Questions', atMs: 600 });
    const url = `${server.origin}/api/feeds/${host.userId}.xml`;
    expect((await fetch(url)).status).toBe(404);
    await api.changeRecording(id, { visibility: 'public', title: 'Owls & "others" <live>' });
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toContain('application/rss+xml');
    const feed = parseFeed(await response.text())!;
    expect(feed).toMatchObject({ title: host.name, explicit: false, link: server.origin, medium: 'podcast' });
    expect(feed.pc20support[1]).toContain('chapters');
    expect(feed.pc20support[2]).toContain('person');
    const [item] = feed.items;
    expect(feed.items).toHaveLength(1);
    expect(item).toMatchObject({ guid: id, title: 'Owls & "others" <live>', link: `${server.origin}/r/${id}/replay` });
    expect(item!.podcastPeople!.map(({ name, role }) => [name, role?.toLowerCase()])).toEqual([
      [host.name, 'host'],
      [lea.name, 'guest'],
    ]);
    const { url: audio, length, type } = item!.enclosure;
    const sound = await fetchAudio(audio.replace(server.origin, ''));
    expect([length, type]).toEqual([sound.length, 'audio/mp4']);
    const range = await fetch(audio, { headers: { range: 'bytes=0-1' } });
    expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 0-1/${sound.length}`]);
    const chapters: unknown = await (await fetch(item!.podcastChapters!.url)).json();
    expect(chapters).toMatchObject({ version: '1.2.0', chapters: [{ title: 'Questions' }] });
    await api.changeRecording(id, { visibility: 'unlisted' });
    expect((await fetch(url)).status).toBe(404);
  });

  it('[RE12] sounds in a player like what was said: as MP4, as Ogg, and by HTTP Live Streaming while it goes on and afterwards', async () => {
    const speech = await readSpeech(SPEECH);
    await room.speak(room.host);
    await room.host.request('recording:start');
    await sleep(10_000);
    const { soFar } = await room.host.api.getRecording(room.roomId);
    // Some of it is there, in whole segments.
    expect(shareSaid(await play(soFar!, ['-live_start_index', '0', '-t', '8']), speech)).toBeGreaterThan(NEARLY_ALL);
    await room.host.request('room:end');
    const { id, replay } = await waitForReplay(room.host);
    const sounds = await Promise.all([replay.audio, replay.ogg, replay.hls!].map(async (path) => play(path)));
    for (const sound of sounds) {
      expect(Math.abs(sound.length / SOUND_PROBE_HZ - replay.durationMs / 1000)).toBeLessThan(0.1);
      expect(shareSaid(sound, speech)).toBeGreaterThan(NEARLY_ALL);
    }
    const [kept] = /^.+\.m4s$/m.exec(await (await fetch(server.origin + replay.hls!)).text())!;
    const segment = async (path: string) => fetch(server.origin + replay.hls!.replace('index.m3u8', path));
    expect((await segment(kept)).status).toBe(200);
    await room.host.api.addCut(id, { fromMs: 0, toMs: 4000 });
    expect((await segment(kept)).status).toBe(404);
    const cut = await play(replay.hls!);
    expect(Math.abs(cut.length / SOUND_PROBE_HZ - (replay.durationMs - 4060) / 1000)).toBeLessThan(0.15);
  });

  /** What a player that is not ours makes of it. */
  async function play(path: string, options: readonly string[] = []): Promise<Float32Array> {
    const format = ['-f', 'f32le', '-ac', '1', '-ar', String(SOUND_PROBE_HZ), '-'];
    const args = ['-v', 'error', ...options, '-i', server.origin + path, ...format];
    const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 64e6 });
    return new Float32Array(Uint8Array.from(stdout).buffer);
  }

  async function waitForReplay(
    peer: TestPeer,
  ): Promise<RecordingInfo & { replay: NonNullable<RecordingInfo['replay']> }> {
    const deadline = Date.now() + PLAYABLE_WITHIN_MS;
    for (;;) {
      const recording = await peer.api.getRecording(room.roomId);
      if (recording.replay) return { ...recording, replay: recording.replay };
      if (Date.now() > deadline) throw new Error('The recording is not ready');
      await sleep(50);
    }
  }

  async function fetchAudio(path: string): Promise<Buffer> {
    const response = await fetch(server.origin + path);
    expect(response.headers.get('content-type')).toBe('audio/mp4');
    return Buffer.from(await response.arrayBuffer());
  }
});

/** How much of it was said, by windows of a second: a sender that comes late shifts what follows, and changes none of it. */
function shareSaid(sound: Float32Array, speech: Float32Array): number {
  const starts = Array.from(
    { length: Math.floor(sound.length / SOUND_PROBE_HZ) },
    (_, second) => second * SOUND_PROBE_HZ,
  );
  const said = starts.filter((at) => findIn(sound.subarray(at, at + SOUND_PROBE_HZ), speech).similarity > SAME_SPEECH);
  return said.length / starts.length;
}

/** Decodes an MP4 file as its tables say. */
async function decode(file: Buffer): Promise<Float32Array> {
  const sizes = findBox(file, 'moov/trak/mdia/minf/stbl/stsz')!.content;
  const count = sizes.readUInt32BE(8);
  const data = readBoxes(file).find(({ type }) => type === 'mdat')!.content;
  const decoder = await (await loadOpus()).createDecoder();
  const sound: number[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    const bytes = sizes.readUInt32BE(12 + 4 * n);
    sound.push(...decoder.decode(data.subarray(at, at + bytes)));
    at += bytes;
  }
  decoder.free();
  return Float32Array.from(sound);
}

function rms(sound: Float32Array): number {
  return Math.sqrt(sound.reduce((sum, x) => sum + x * x, 0) / sound.length);
}
