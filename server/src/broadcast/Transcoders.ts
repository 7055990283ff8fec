import { spawn, type ChildProcess } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AppError } from '../errors.ts';
import type { LiveReaders } from './LiveReaders.ts';
import { LiveStream } from './LiveStream.ts';
import { oggHead } from './writeOgg.ts';

/** Each takes one or two percent of a core: what else runs on the node has to have its own. */
const MAX_PROCESSES = 8;
/** A process that takes nothing for so long, a quarter of a minute at 32 kbit/s, is ended. */
const MAX_WAITING_BYTES = 64 * 1024;

/** One that nobody hears goes on for so many looks: somebody may come back. */
const KEPT_UNHEARD = 5;
const LOOK_EVERY_MS = 1000;

/** Made of the mix by ffmpeg, for what cannot play Opus. */
export type TranscodedFormat = 'mp3' | 'aac';

const ENCODERS: Readonly<Record<TranscodedFormat, readonly string[]>> = {
  mp3: ['-c:a', 'libmp3lame', '-b:a', '64k', '-id3v2_version', '0', '-write_xing', '0', '-f', 'mp3'],
  aac: ['-c:a', 'aac', '-b:a', '48k', '-f', 'adts'],
};
const INPUT = ['-hide_banner', '-loglevel', 'error', '-fflags', 'nobuffer', '-probesize', '4096', '-f', 'ogg'];

/** One room in one format: a process of ffmpeg for as long as somebody listens. */
export class Transcoder {
  readonly stream: LiveStream;
  readonly #child: ChildProcess;
  /** What came since the last fragment. */
  #made: Buffer[] = [];
  #unheard = 0;
  /** Of its own: a room whose mix has ended brings no fragments. */
  readonly #looking: NodeJS.Timeout;

  constructor(child: ChildProcess, readers: LiveReaders) {
    this.#child = child;
    this.stream = new LiveStream(readers, Buffer.alloc(0));
    child.stdout?.on('data', (bytes: Buffer) => this.#made.push(bytes));
    // What it did not take any more is nobody's.
    for (const pipe of [child.stdin, child.stdout]) pipe?.on('error', () => undefined);
    child.once('close', () => this.close());
    child.stdin?.write(oggHead());
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.killed;
  }

  /** Takes a second of the mix, and passes on what was made meanwhile. */
  write(oggPage: Buffer): void {
    if (this.#made.length > 0) this.stream.add(Buffer.concat(this.#made));
    this.#made = [];
    const isStuck = (this.#child.stdin?.writableLength ?? 0) > MAX_WAITING_BYTES;
    if (isStuck) this.close();
    else this.#child.stdin?.write(oggPage);
  }

  close(): void {
    clearInterval(this.#looking);
    this.#child.kill('SIGKILL');
    this.stream.end();
  }

  #look(): void {
    this.#unheard = this.stream.count === 0 ? this.#unheard + 1 : 0;
    if (this.#unheard > KEPT_UNHEARD) this.close();
  }
}

/** The processes of ffmpeg of this node: so many, and no more. */
export class Transcoders {
  readonly #running = new Set<ChildProcess>();
  #ffmpeg: string | null = null;

  /** @throws {AppError} NOT_FOUND */
  async assertAvailable(format: TranscodedFormat): Promise<void> {
    this.#ffmpeg ??= await findFfmpeg();
    if (!this.#ffmpeg) throw new AppError('NOT_FOUND', `This server makes no ${format}: it has no ffmpeg`);
  }

  /** To be called where it is available. @throws {AppError} SERVER_BUSY where enough of them run */
  start(format: TranscodedFormat, readers: LiveReaders): Transcoder {
    if (this.#running.size >= MAX_PROCESSES)
      throw new AppError('SERVER_BUSY', 'This server makes as many streams of mp3 and aac as it can');
    const child = spawn(
      this.#ffmpeg ?? 'ffmpeg',
      [...INPUT, '-i', 'pipe:0', '-flush_packets', '1', ...ENCODERS[format], 'pipe:1'],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: {},
      },
    );
    this.#running.add(child);
    child.on('error', () => undefined);
    child.once('close', () => this.#running.delete(child));
    return new Transcoder(child, readers);
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

async function findFfmpeg(): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'ffmpeg');
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return null;
}
