import { observer } from 'mediasoup';
import type { Consumer, Producer, Router, Transport, Worker } from 'mediasoup/types';

/** Everything that lives in mediasoup's workers, seen from outside the product through mediasoup's observers. */
export class MediaCensus {
  readonly workers = new Set<Worker>();
  readonly routers = new Set<Router>();
  readonly transports = new Set<Transport>();
  readonly producers = new Map<Producer, Worker>();
  readonly consumers = new Set<Consumer>();

  /** Counts from here on: make it before the server. */
  constructor() {
    observer.on('newworker', (worker) => {
      track(this.workers, worker);
      worker.observer.on('newrouter', (router) => {
        track(this.routers, router);
        router.observer.on('newtransport', (transport) => {
          track(this.transports, transport);
          transport.observer.on('newproducer', (producer) => {
            this.producers.set(producer, worker);
            producer.observer.once('close', () => this.producers.delete(producer));
          });
          transport.observer.on('newconsumer', (consumer) => track(this.consumers, consumer));
        });
      });
    });
  }
}

function track<T extends { observer: { once(event: 'close', listener: () => void): unknown } }>(
  set: Set<T>,
  item: T,
): void {
  set.add(item);
  item.observer.once('close', () => set.delete(item));
}
