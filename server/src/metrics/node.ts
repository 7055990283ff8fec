import { Counter, Gauge, type Registry } from 'prom-client';
import type { RecordingArchive } from '../archive/RecordingArchive.ts';

/** How the node as a whole is, asked when the metrics are read. */
export interface NodeView {
  /** Listeners, those on their way included, over what the node takes. */
  readonly load: number;
  /** Does Redis take writes? */
  readonly isRedisUp: boolean;
  readonly archive: Pick<RecordingArchive, 'problems' | 'log'>;
  /** Listeners over HTTP, each of one long response. */
  readonly httpListeners: number;
  /** May listeners be sent here? */
  readonly isAccepting: boolean;
}

/** What the node has to tell beside its rooms, workers and mixers. */
export function watchNode(describe: () => NodeView, registry: Registry): void {
  const gauge = (name: string, help: string, read: (node: NodeView) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(describe()));
      },
    });
  gauge('tribune_redis_up', 'Does Redis take writes? 1 or 0.', ({ isRedisUp }) => Number(isRedisUp));
  gauge(
    'tribune_node_load',
    'Listeners of this node, and those on their way to it, over how many it takes: 1 is full.',
    ({ load }) => load,
  );
  gauge(
    'tribune_node_accepting',
    '1 while listeners are sent to this node, 0 while they are sent to others: its media does not get through, or its secret differs.',
    ({ isAccepting }) => Number(isAccepting),
  );
  gauge(
    'tribune_http_listeners',
    'Listeners of this node over HTTP, each of one long response.',
    ({ httpListeners }) => httpListeners,
  );
  gauge(
    'tribune_sql_up',
    'Does the database of recordings take writes? 1 or 0. Live sound does not depend on it.',
    ({ archive }) => Number(archive.problems.sql === null),
  );
  gauge(
    'tribune_objects_up',
    'Does the storage of the sound of recordings take writes? 1 or 0. Live sound does not depend on it.',
    ({ archive }) => Number(archive.problems.objects === null),
  );
  gauge(
    'tribune_sql_waiting',
    'Writes that wait in memory for the database.',
    ({ archive }) => archive.log.waitingCount,
  );
  let lost = 0;
  new Counter({
    name: 'tribune_sql_lost_total',
    help: 'Writes that the database will never get: too many waited, or it refused them.',
    registers: [registry],
    collect() {
      const { lostCount } = describe().archive.log;
      this.inc(lostCount - lost);
      lost = lostCount;
    },
  });
}
