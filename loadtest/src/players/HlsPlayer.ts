import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FragmentReader } from './FragmentReader.ts';
import { Player } from './Player.ts';

/** Where the playlist says nothing, three segments (RFC 8216, section 6.3.3). */
const DEFAULT_START_S = 9;
const TIMEOUT_MS = 6000;

/** Hears a room by HTTP Live Streaming (RFC 8216), from one connection that is kept. */
export class HlsPlayer extends Player {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #reader: FragmentReader | null = null;
  /** Of the segment that is to come next. */
  #next: number | null = null;

  constructor(base: string) {
    super('hls', base, { startBehindEndS: 4.5, minStartS: 3, reserveS: null });
    this.signal.addEventListener('abort', () => this.#agent.destroy());
  }

  protected async listen(): Promise<void> {
    for (;;) {
      const askedMs = performance.now();
      const { names, targetS, startS } = readPlaylist((await this.#get('index.m3u8')).toString());
      const indices = names.map((name) => Number.parseInt(name, 10));
      this.#next ??= indices.at(-1)! - Math.ceil(startS / targetS) + 1;
      const news = indices.filter((index) => index >= this.#next!);
      for (const index of news) await this.#fetchSegment(names[indices.indexOf(index)]!, index);
      // Half of it where there was nothing new (section 6.3.4).
      const againMs = targetS * (news.length > 0 ? 1000 : 500);
      await sleep(Math.max(0, askedMs + againMs - performance.now()), undefined, { signal: this.signal });
    }
  }

  async #fetchSegment(name: string, index: number): Promise<void> {
    const init = this.#reader ? null : await this.#get('init.mp4');
    this.#reader ??= this.createReader();
    if (init) this.take(this.#reader, init);
    this.take(this.#reader, await this.#get(name));
    this.#next = index + 1;
  }

  async #get(path: string): Promise<Buffer> {
    const request = get(this.base + path, { agent: this.#agent, signal: this.signal, timeout: TIMEOUT_MS });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const body = await buffer(response);
    if (response.statusCode !== 200) throw new Error(`http:${response.statusCode}`);
    return body;
  }
}

function readPlaylist(playlist: string) {
  const lines = playlist.split('\n');
  const valueOf = (tag: string) => lines.find((line) => line.startsWith(tag))?.slice(tag.length);
  const names = lines.filter((line) => line.endsWith('.m4s'));
  if (names.length === 0) throw new Error('empty-playlist');
  return {
    names,
    targetS: Number(valueOf('#EXT-X-TARGETDURATION:') ?? 3),
    startS: Math.abs(Number(valueOf('#EXT-X-START:TIME-OFFSET=') ?? DEFAULT_START_S)),
  };
}
