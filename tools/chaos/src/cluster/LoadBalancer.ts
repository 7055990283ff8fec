import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createProxyServer, type ProxyServer } from 'http-proxy-3';

const CHECK_EVERY_MS = 500;
const CHECK_LIMIT_MS = 1000;
const READY_LIMIT_MS = 10_000;

/**
 * One origin for page and API in front of the nodes: each request goes to the next node that says that it is ready. Sockets do not
 * come this way, since a ticket names the node to connect to.
 */
export class LoadBalancer {
  readonly #origins: () => readonly string[];
  readonly #proxy: ProxyServer = createProxyServer({ xfwd: true });
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #ready: readonly string[] = [];
  /** Nodes that did not answer the last check in time. */
  #slow: ReadonlySet<string> = new Set();
  #turn = 0;

  private constructor(origins: () => readonly string[]) {
    this.#origins = origins;
    this.#server = createServer((req, res) => {
      const target = this.#takeNext();
      if (!target) return void res.writeHead(503, { 'retry-after': '1' }).end();
      this.#proxy.web(req, res, { target });
    });
    this.#proxy.on('error', (_error, _req, res) => {
      if ('writeHead' in res && !res.headersSent) res.writeHead(502);
      res.end();
    });
    this.#timer = setInterval(() => void this.check(), CHECK_EVERY_MS);
  }

  /** Waits for the nodes to be ready. @param origins of all nodes, whether they run or not @throws {Error} when the port is taken */
  static async create(port: number, origins: () => readonly string[]): Promise<LoadBalancer> {
    const balancer = new LoadBalancer(origins);
    balancer.#server.listen(port, '127.0.0.1');
    await once(balancer.#server, 'listening');
    const endMs = performance.now() + READY_LIMIT_MS;
    await balancer.check();
    while (balancer.#ready.length < origins().length && performance.now() < endMs) await balancer.check();
    return balancer;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://localhost:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** Asks every node whether it is ready. A node that is only slow to answer is taken out when it is slow a second time. */
  async check(): Promise<void> {
    const origins = this.#origins();
    const answers = await Promise.all(origins.map(async (origin) => askReady(origin)));
    this.#ready = origins.filter((origin, index) => {
      const answer = answers[index]!;
      const isSlow = answer === 'slow' && this.#ready.includes(origin) && !this.#slow.has(origin);
      return answer === 'ready' || isSlow;
    });
    this.#slow = new Set(origins.filter((_, index) => answers[index] === 'slow'));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#proxy.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #takeNext(): string | undefined {
    this.#turn = (this.#turn + 1) % Math.max(1, this.#ready.length);
    return this.#ready[this.#turn];
  }
}

async function askReady(origin: string): Promise<'ready' | 'not ready' | 'slow'> {
  return fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(CHECK_LIMIT_MS) }).then(
    ({ ok }) => (ok ? 'ready' : 'not ready'),
    (error: Error) => (error.name === 'TimeoutError' ? 'slow' : 'not ready'),
  );
}
