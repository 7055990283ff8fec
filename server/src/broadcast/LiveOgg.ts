import { readSegment, SAMPLE_TICKS } from './segment.ts';
import { HEAD_PAGES, oggPage } from './writeOgg.ts';

/** Makes pages of an endless Ogg stream of the fragments of a mix, as radios and players of files take it. */
export class LiveOgg {
  #sequence = HEAD_PAGES;
  #granule = 0;

  /** @param fragment see `writeFragment` */
  write(fragment: Buffer): Buffer {
    const { sampleBytes, dataAt } = readSegment(fragment)!;
    let at = dataAt;
    const packets = sampleBytes.map((bytes) => fragment.subarray(at, (at += bytes)));
    this.#granule += packets.length * SAMPLE_TICKS;
    return oggPage(packets, this.#sequence++, this.#granule);
  }
}
