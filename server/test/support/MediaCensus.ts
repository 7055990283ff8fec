import { observer } from 'mediasoup';
import type { Consumer, Producer, Router, Transport, Worker } from 'mediasoup/types';

/** Everything that lives in mediasoup's workers, seen from outside the product through mediasoup's observers. */
export class MediaCensus {
  readonly workers = new Set<Worker>();
  readonly routers = new Map<Router, Worker>();
  /** Those of people. */
  readonly transports = new Set<Transport>();
  /** Those to and from the mixer. */
  readonly loopbacks = new Set<Transport>();
  /** Voices of people. */
  readonly producers = new Map<Producer, Worker>();
  /** Mixes, one for each worker that has listeners of a room. */
  readonly mixes = new Map<Producer, Worker>();
  /** What people hear. */
  readonly consumers = new Set<Consumer>();
  /** What the mixer hears. */
  readonly feeds = new Set<Consumer>();

  /** How many things there are of each kind. */
  get left(): Readonly<Record<string, number>> {
    const { routers, transports, loopbacks, producers, mixes, consumers, feeds } = this;
    const sets = { routers, transports, loopbacks, producers, mixes, consumers, feeds };
    return Object.fromEntries(Object.entries(sets).map(([name, { size }]) => [name, size]));
  }

  get isEmpty(): boolean {
    return Object.values(this.left).every((count) => count === 0);
  }

  /** Counts from here on: make it before the server. */
  constructor() {
    observer.on('newworker', (worker) => {
      track(this.workers, worker);
      worker.observer.on('newrouter', (router) => {
        keep(this.routers, router, worker);
        router.observer.on('newtransport', (transport) => {
          const isLoopback = transport.type === 'plain';
          track(isLoopback ? this.loopbacks : this.transports, transport);
          const producers = isLoopback ? this.mixes : this.producers;
          transport.observer.on('newproducer', (producer) => keep(producers, producer, worker));
          const consumers = isLoopback ? this.feeds : this.consumers;
          transport.observer.on('newconsumer', (consumer) => track(consumers, consumer));
        });
      });
    });
  }
}

interface Closable {
  readonly observer: { once(event: 'close', listener: () => void): unknown };
}

function keep<T extends Closable, V>(map: Map<T, V>, item: T, value: V): void {
  map.set(item, value);
  item.observer.once('close', () => map.delete(item));
}

function track<T extends Closable>(set: Set<T>, item: T): void {
  set.add(item);
  item.observer.once('close', () => set.delete(item));
}
