import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { LocalProcess } from '../people/LocalProcess.ts';
import { isProof, prove, WIRE_VERSION, type FromMachine, type ToMachine } from './messages.ts';
import { Wire } from './Wire.ts';

export interface JoinOptions {
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly processes: number;
  /** The person here vouches for a server on another machine, whatever the coordinator says. */
  readonly ownHost: boolean;
}

/**
 * Lends this machine to a run: starts processes, hands them what the coordinator says and hands back what they answer, until the
 * coordinator goes or `signal` is aborted.
 * @throws {Error} when the coordinator cannot be reached, is of another version or has another key.
 */
export async function joinRun(options: JoinOptions, onJoined: () => void, signal: AbortSignal): Promise<void> {
  const { host, port, key, processes: count } = options;
  const socket = connect({ host, port, signal });
  await once(socket, 'connect');
  const closed = Promise.withResolvers<void>();
  const nonce = randomBytes(16).toString('base64url');
  const processes: LocalProcess[] = [];
  let isTrusted = false;
  let fault: string | null = null;

  const wire: Wire<FromMachine, ToMachine> = new Wire<FromMachine, ToMachine>(
    socket,
    (message) => handle(message),
    () => closed.resolve(),
  );

  function handle(message: ToMachine): void {
    if (message.kind === 'challenge') return answerChallenge(message);
    if (message.kind === 'welcome') return greet(message.proof);
    if (!isTrusted) return wire.close();
    if (message.kind === 'ping') {
      return wire.send({ kind: 'pong', sentMs: message.sentMs, clockMs: performance.timeOrigin + performance.now() });
    }
    if (message.kind === 'start') return start(message.offsetMs);
    const process = processes[message.process];
    // The coordinator knows already that the process has ended.
    if (process?.isAlive) process.post(message.message);
  }

  function answerChallenge({ version, nonce: theirs }: Extract<ToMachine, { kind: 'challenge' }>): void {
    if (version !== WIRE_VERSION) {
      fault = 'The coordinator runs another version of the load test';
      return wire.close();
    }
    const info = { name: hostname(), cores: availableParallelism(), processes: count };
    wire.send({ kind: 'hello', proof: prove(key, theirs), nonce, info });
  }

  function greet(proof: string): void {
    isTrusted = isProof(key, nonce, proof);
    if (isTrusted) wire.trust();
    else wire.close();
  }

  function start(clockOffsetMs: number): void {
    for (let index = 0; index < count; index++) {
      const onLost = (why: string) => wire.send({ kind: 'lost', process: index, why });
      const process = new LocalProcess({ ownHost: options.ownHost, clockOffsetMs }, onLost);
      process.onMessage((answer) => wire.send({ kind: 'message', process: index, message: answer }));
      processes.push(process);
    }
    onJoined();
  }

  try {
    await closed.promise;
    if (fault !== null) throw new Error(fault);
    if (!isTrusted && !signal.aborted) throw new Error('The coordinator has another key, or wants no more machines');
  } finally {
    await Promise.all(processes.map(async (process) => process.close()));
  }
}
