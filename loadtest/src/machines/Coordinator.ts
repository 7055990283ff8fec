import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Machine, type MachineReport } from './Machine.ts';
import { RemoteProcess } from './RemoteProcess.ts';

/** Time for a connection to prove that it belongs here. */
const HELLO_MS = 10_000;

export interface CoordinatorOptions {
  /** 0 takes any that is free. */
  readonly port: number;
  readonly key: string;
}

/** The server that other machines join to take part in a run. */
export class Coordinator {
  readonly #server: Server;
  readonly #joined: { readonly machine: Machine; readonly report: MachineReport }[] = [];
  readonly #connected = new Set<Machine>();
  #onJoined: (report: MachineReport) => void = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {Error} when the port cannot be had. */
  static async create({ port, key }: CoordinatorOptions): Promise<Coordinator> {
    const server = createServer();
    const coordinator = new Coordinator(server);
    server.on('connection', (socket) => coordinator.#take(new Machine(socket, key)));
    server.listen(port);
    await once(server, 'listening');
    return coordinator;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get machines(): readonly MachineReport[] {
    return this.#joined.map(({ report }) => report);
  }

  /** Waits until so many have joined; those who come later are turned away. @throws the reason of `signal` */
  async gather(count: number, onJoined: (report: MachineReport) => void, signal: AbortSignal): Promise<void> {
    const complete = Promise.withResolvers<void>();
    const abort = () => complete.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#onJoined = (report) => {
      onJoined(report);
      if (this.#joined.length >= count) complete.resolve();
    };
    try {
      signal.throwIfAborted();
      await complete.promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#onJoined = () => undefined;
      this.#server.close();
    }
  }

  /** @param onLost when a process or its machine ends by itself */
  createProcesses(onLost: (why: string) => void): RemoteProcess[] {
    return this.#joined.flatMap(({ machine, report: { name, processes } }, at) =>
      Array.from(
        { length: processes },
        (_, index) => new RemoteProcess(machine, { name: `${at + 1}: ${name}`, index }, onLost),
      ),
    );
  }

  close(): void {
    this.#server.close();
    for (const machine of this.#connected) machine.close();
  }

  #take(machine: Machine): void {
    this.#connected.add(machine);
    const timer = setTimeout(() => machine.close(), HELLO_MS);
    machine.ready.then(
      (report) => {
        clearTimeout(timer);
        this.#joined.push({ machine, report });
        this.#onJoined(report);
      },
      () => {
        clearTimeout(timer);
        this.#connected.delete(machine);
        const at = this.#joined.findIndex((it) => it.machine === machine);
        if (at >= 0) this.#joined.splice(at, 1);
      },
    );
  }
}
