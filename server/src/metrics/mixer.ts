import { Counter, Gauge, type Registry } from 'prom-client';
import type { Mixer } from '../mixer/Mixer.ts';
import type { MixerUsage } from '../mixer/mixerMessages.ts';

/** What the mixers of this node consume together, and whether they keep their clock. */
export function watchMixer(mixer: Mixer, registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  const usage = (read: (usage: MixerUsage) => number) => async () => read(await mixer.getUsage());
  const counter = (name: string, help: string, read: (usage: MixerUsage) => number) =>
    new Counter({
      name,
      help,
      registers,
      async collect() {
        this.reset();
        this.inc(read(await mixer.getUsage()));
      },
    });
  counter('tribune_mixer_cpu_seconds_total', 'User and system CPU time of the mixers.', (now) => now.cpuSeconds);
  counter(
    'tribune_mixer_ticks_total',
    'Steps of the mixers, of 20 ms, in which a packet of a mix was due.',
    (now) => now.ticks,
  );
  counter('tribune_mixer_late_ticks_total', 'Steps of the mixers that came late.', (now) => now.lateTicks);
  gauge(
    'tribune_mixer_resident_memory_bytes',
    'Resident memory of the mixers.',
    usage((now) => now.rssBytes),
  );
  gauge(
    'tribune_mixer_rooms',
    'Rooms that have a mix.',
    usage((now) => now.rooms),
  );
  gauge(
    'tribune_mixer_speakers',
    'Voices that the mixers are given, those muted included.',
    usage((now) => now.speakers),
  );
  new Gauge({
    name: 'tribune_mixer_codec_info',
    help: 'Always 1; says which Opus the mixers use: `native` is the libopus of the machine, `wasm` the one in WebAssembly.',
    labelNames: ['implementation', 'version'],
    registers,
    collect() {
      const { codec } = mixer;
      if (codec) this.set({ implementation: codec.name, version: codec.version }, 1);
    },
  });
  gauge('tribune_mixer_processes', 'Mixer processes that run.', () => mixer.pids.length);
  gauge('tribune_mixer_load', 'Share of a core that the least loaded mixer uses, 0 to 1.', () => mixer.load);
  gauge('tribune_mixer_can_take_room', '1 while a mixer can take another room, 0 when all are at their limit.', () =>
    Number(mixer.canTakeRoom),
  );
  const restarts = new Counter({
    name: 'tribune_mixer_restarts_total',
    help: 'Mixers that ended and were replaced.',
    registers,
  });
  mixer.on('restarted', () => restarts.inc());
}
