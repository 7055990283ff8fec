import { Counter, Gauge, type Registry } from 'prom-client';
import type { Mixer } from '../mixer/Mixer.ts';
import type { MixerUsage } from '../mixer/mixerMessages.ts';

/** What the mixer consumes, and whether it keeps its clock. */
export function watchMixer(mixer: Mixer, registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (usage: MixerUsage) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(read(await mixer.getUsage()));
      },
    });
  /** Starts from zero with each process, as Prometheus expects of counters. */
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
  counter('tribune_mixer_cpu_seconds_total', 'User and system CPU time of the mixer.', (usage) => usage.cpuSeconds);
  counter('tribune_mixer_ticks_total', 'Steps of the mixer, 20 ms each.', (usage) => usage.ticks);
  counter('tribune_mixer_late_ticks_total', 'Steps of the mixer that came late.', (usage) => usage.lateTicks);
  gauge('tribune_mixer_resident_memory_bytes', 'Resident memory of the mixer.', (usage) => usage.rssBytes);
  gauge('tribune_mixer_rooms', 'Rooms that are mixed.', (usage) => usage.rooms);
  gauge('tribune_mixer_speakers', 'Voices that the mixer is given, those muted included.', (usage) => usage.speakers);
  const restarts = new Counter({
    name: 'tribune_mixer_restarts_total',
    help: 'Mixers that ended and were replaced.',
    registers,
  });
  mixer.on('restarted', () => restarts.inc());
}
