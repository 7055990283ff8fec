import { NO_BEHAVIOUR } from './behaviour.ts';
import { Bustle } from './Bustle.ts';
import { Fleet, NOBODY } from './Fleet.ts';
import { localMs, setClockOffset } from './clock.ts';
import type { AnswerMessage, CommandMessage, FleetCommands } from './fleetCommands.ts';
import { Generator } from './Generator.ts';
import { createGuard } from './guard.ts';
import { SteadyWindow } from './SteadyWindow.ts';

/** A process that runs a part of the listeners, and does what its parent says over IPC. */

const never = new AbortController().signal;
const arriving = new Generator();
const measuring = new Generator();
let fleet: Fleet | null = null;
let window: SteadyWindow | null = null;
let bustle: Bustle | null = null;

const commands: FleetCommands = {
  async setClock(offsetMs) {
    setClockOffset(offsetMs);
  },
  async create({ ownHost, ...request }) {
    fleet = await Fleet.create({ ...request, guard: createGuard(ownHost) }, never);
  },
  async arrive(atMs) {
    await arriving.start();
    await created().arrive(atMs, never);
    created().arriving = await arriving.stop();
  },
  async goLive(sinceEpochMs) {
    created().goLive(localMs(sinceEpochMs));
  },
  async count() {
    return fleet?.count() ?? NOBODY;
  },
  async behave(plan, share, seed) {
    bustle = new Bustle(created().listeners, plan, share, seed);
  },
  async sitStill() {
    await bustle?.stop();
    return bustle?.counts() ?? NO_BEHAVIOUR;
  },
  async openWindow() {
    await measuring.start();
    window = new SteadyWindow(created().listeners);
  },
  async closeWindow() {
    if (!window) throw new Error('There is no window');
    return { window: window.close(), usage: await measuring.stop() };
  },
  async results() {
    // Stopped while sessions were made: nobody has arrived, and nobody failed.
    return fleet?.results() ?? { listeners: [], ramp: null, arriving: null };
  },
};

process.on('message', (message) => void answer(message as CommandMessage));
// However the parent ends, nobody listens on without it.
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to every process of a terminal, and the parent decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

async function answer({ id, name, args }: CommandMessage): Promise<void> {
  try {
    const command = commands[name] as (...given: readonly unknown[]) => Promise<unknown>;
    send({ id, result: await command(...args) });
  } catch (error) {
    send({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

/** A parent that is gone hears nothing more, and this process ends with it. */
function send(message: AnswerMessage): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

function created(): Fleet {
  if (!fleet) throw new Error('There is no fleet');
  return fleet;
}
