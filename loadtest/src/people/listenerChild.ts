import { createBirpc } from 'birpc';
import { SteadyWindow } from '../hearing/SteadyWindow.ts';
import { localMs, setClockOffset } from '../clock.ts';
import { createGuard } from '../guard.ts';
import { ProcessMonitor } from '../ProcessMonitor.ts';
import { AudienceActivity } from './AudienceActivity.ts';
import { AudiencePart, NOBODY } from './AudiencePart.ts';
import { NO_BEHAVIOUR } from './behaviour.ts';
import type { ListenerChildOptions, ListenerCommands } from './listenerCommands.ts';

/** A process that runs a part of the listeners, and does what its parent says over IPC. */

const { ownHost, clockOffsetMs } = JSON.parse(process.argv[2]!) as ListenerChildOptions;
setClockOffset(clockOffsetMs);

const never = new AbortController().signal;
const arriving = new ProcessMonitor();
const measuring = new ProcessMonitor();
let part: AudiencePart | null = null;
let window: SteadyWindow | null = null;
let activity: AudienceActivity | null = null;

const commands: ListenerCommands = {
  async create(request) {
    // Whom this machine may load is decided here, whatever a coordinator elsewhere says.
    part = await AudiencePart.create({ ...request, guard: createGuard(ownHost) }, never);
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
    return part?.count() ?? NOBODY;
  },
  async startActing(plan, share, seed) {
    activity = new AudienceActivity(created().listeners, plan, share, seed);
  },
  async stopActing() {
    await activity?.stop();
    return activity?.counts() ?? NO_BEHAVIOUR;
  },
  async openWindow() {
    await measuring.start();
    window = new SteadyWindow(created().listeners, created().roomCount);
  },
  async closeWindow() {
    if (!window) throw new Error('There is no window');
    return { window: window.close(), usage: await measuring.stop() };
  },
  async results() {
    // Stopped while sessions were made: nobody has arrived, and nobody failed.
    return part?.results() ?? { listeners: [], ramp: null, arriving: null };
  },
};

createBirpc<Record<string, never>, ListenerCommands>(commands, {
  // A parent that is gone hears nothing more, and this process ends with it.
  post: (message) => void process.send?.(message, undefined, undefined, () => undefined),
  on: (listener) => void process.on('message', listener),
});
// However the parent ends, nobody listens on without it.
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to every process of a terminal, and the parent decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

function created(): AudiencePart {
  if (!part) throw new Error('Nobody has been created yet');
  return part;
}
