import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { CloseReason } from '@tribune/shared/errors.ts';
import type { MediaOffer, RequestData, RequestName } from '@tribune/shared/protocol.ts';
import { Server, type Socket } from 'socket.io';

/** A server that gives tickets, and does with each connection what the test wants. */
export class ScriptedServer {
  readonly #http: HttpServer;
  readonly #io: Server;
  /** What tickets say that the router takes. */
  rtpCapabilities: object = {};
  /** The body of each request for a ticket. */
  readonly tickets: unknown[] = [];
  /** The nodes that the next tickets name, in order; the others name none. */
  readonly nodes: string[] = [];
  /** What happens to the next connections, in order; the others are welcomed. */
  readonly script: ((socket: Socket) => void)[] = [];
  readonly sockets: Socket[] = [];
  readonly #answers = new Map<string, (data: unknown) => Promise<unknown>>();

  private constructor() {
    this.#http = createServer((request, response) => {
      void json(request).then((body) => {
        this.tickets.push(body);
        response.setHeader('content-type', 'application/json');
        const url = this.nodes.shift() ?? null;
        response.end(JSON.stringify({ ticket: 'a ticket', url, rtpCapabilities: this.rtpCapabilities }));
      });
    });
    this.#io = new Server(this.#http, { transports: ['websocket'] });
    this.#io.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.onAny((name: string, data: unknown, ack: (answer: unknown) => void) => {
        void this.#answers
          .get(name)?.(data)
          .then((result) => ack({ ok: true, data: result }));
      });
      (this.script.shift() ?? ((it) => welcome(it)))(socket);
    });
  }

  /** Answers a request, from now on. */
  answer<N extends RequestName>(name: N, handle: (data: RequestData<N>) => Promise<unknown>): void {
    this.#answers.set(name, async (data) => handle(data as RequestData<N>));
  }

  static async create(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await this.#io.close();
  }
}

/** Lets someone in, with or without something to hear. */
export function welcome(socket: Socket, media: MediaOffer = { kind: 'none' }): void {
  socket.emit('welcome', { media });
}

export function closeWith(reason: CloseReason) {
  return (socket: Socket): void => {
    socket.emit('closed', { reason });
    socket.disconnect();
  };
}
