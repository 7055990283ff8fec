import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Player } from './Player.ts';

/** As the page does. */
const START_BEHIND_END_S = 1.4;
/** More comes each second: with less to begin with, it would stall at once. */
const MIN_START_S = 1.2;
const RESERVE_S = 0.5;
/** The stream brings something each second: a connection without it is dead. */
const SILENCE_MS = 6000;

/** Hears a room as one long response. */
export class StreamPlayer extends Player {
  constructor(base: string) {
    super('stream', base, { startBehindEndS: START_BEHIND_END_S, minStartS: MIN_START_S, reserveS: RESERVE_S });
  }

  protected async listen(): Promise<void> {
    const request = get(`${this.base}stream.mp4`, { agent: false, signal: this.signal, timeout: SILENCE_MS });
    request.on('timeout', () => request.destroy(new Error('silence')));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) {
      response.resume();
      throw new Error(`http:${response.statusCode}`);
    }
    const reader = this.createReader();
    for await (const chunk of response) this.take(reader, chunk as Buffer);
  }
}
