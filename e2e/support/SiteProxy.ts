import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The proxy of a site that has Tribune below a path, beside pages of its own. */
export class SiteProxy {
  /** Whether it takes the path off before it passes a request on. */
  takesPathOff = false;
  /** Refuses what is not plain HTTP, as proxies of companies do. */
  refusesUpgrades = false;
  /** What was asked of the other pages: nothing of Tribune should be. */
  readonly strays: string[] = [];
  readonly #path: string;
  readonly #http: Server;
  #target = '';

  private constructor(path: string) {
    this.#path = path;
    this.#http = createServer((req, res) => {
      const path = this.#pathFor(req);
      if (path === null) return void res.writeHead(404).end('Another page of this site');
      const onward = request(this.#target + path, { method: req.method, headers: req.headers }, (answer) => {
        res.writeHead(answer.statusCode!, answer.rawHeaders);
        answer.pipe(res);
      });
      onward.on('error', () => res.destroy());
      req.pipe(onward);
    });
    this.#http.on('upgrade', (req: IncomingMessage, socket, head) => {
      const path = this.#pathFor(req);
      if (path === null || this.refusesUpgrades)
        return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      const onward = request(this.#target + path, { headers: req.headers }).end();
      onward.on('upgrade', (answer, server, first) => {
        const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
        socket.write(first);
        server.write(head);
        server.pipe(socket).pipe(server);
        for (const end of [server, socket]) end.on('error', () => [server, socket].forEach((each) => each.destroy()));
      });
      onward.on('response', (answer) =>
        socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nContent-Length: 0\r\n\r\n`),
      );
      onward.on('error', () => socket.destroy());
    });
  }

  /** @param path below which Tribune is, without a slash at its end, as browsers send it; empty for all of the site */
  static async create(path = ''): Promise<SiteProxy> {
    const proxy = new SiteProxy(path);
    proxy.#http.listen(0, '127.0.0.1');
    await once(proxy.#http, 'listening');
    return proxy;
  }

  /** Where people reach Tribune. */
  get url(): string {
    return `http://localhost:${(this.#http.address() as AddressInfo).port}${this.#path}`;
  }

  passTo(origin: string): void {
    this.#target = origin;
  }

  close(): void {
    this.#http.close();
    this.#http.closeAllConnections();
  }

  /** Null where another page is meant. */
  #pathFor({ url = '/' }: IncomingMessage): string | null {
    if (!url.startsWith(`${this.#path}/`) && url !== this.#path) {
      this.strays.push(url);
      return null;
    }
    return this.takesPathOff ? url.slice(this.#path.length) || '/' : url;
  }
}
