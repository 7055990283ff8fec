import { describe, expect, it } from 'vitest';
import { NO_FIGURES, QualityMeter, readSample } from './stats.ts';

const report = (...stats: Record<string, unknown>[]) => new Map(stats.map((stat, at) => [`stat-${at}`, stat]));

function received(packetsReceived: number, packetsLost: number) {
  return report(
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', currentRoundTripTime: 0.04, localCandidateId: 'c' },
    { id: 'c', type: 'local-candidate', protocol: 'udp' },
    { id: 'codec', type: 'codec', mimeType: 'audio/opus' },
    {
      id: 'i',
      type: 'inbound-rtp',
      codecId: 'codec',
      packetsReceived,
      packetsLost,
      jitter: 0.003,
      jitterBufferDelay: packetsReceived * 0.06,
      jitterBufferEmittedCount: packetsReceived,
    },
  );
}

describe('readSample', () => {
  it('tells loss and buffer over the last interval, and the rest as of now', () => {
    const first = readSample([received(100, 50)], null);
    const { figures } = readSample([received(190, 60)], first);
    expect(figures).toMatchObject({ roundTripMs: 40, lossPct: 10, jitterMs: 3, codec: 'audio/opus', protocol: 'udp' });
    expect(figures.jitterBufferMs).toBeCloseTo(60);
  });

  it('tells nothing where the browser does not', () => {
    expect(readSample([], null).figures).toEqual(NO_FIGURES);
  });

  it('knows of no loss while nothing was received', () => {
    const first = readSample([received(100, 0)], null);
    expect(readSample([received(100, 0)], first).figures.lossPct).toBeNull();
  });

  it('takes the server’s word for someone who only sends', () => {
    const sent = report({ type: 'remote-inbound-rtp', fractionLost: 0.04, jitter: 0.01, roundTripTime: 0.08 });
    expect(readSample([sent], null).figures).toMatchObject({ lossPct: 4, jitterMs: 10, roundTripMs: 80 });
  });

  it('calls a relay over TLS what it is: tcp', () => {
    const relayed = report(
      { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', localCandidateId: 'c' },
      { id: 'c', type: 'local-candidate', protocol: 'udp', relayProtocol: 'tls' },
    );
    expect(readSample([relayed], null).figures.protocol).toBe('tcp');
  });
});

describe('QualityMeter', () => {
  const good = { ...NO_FIGURES, lossPct: 0 };
  const bad = { ...NO_FIGURES, lossPct: 20 };
  const between = { ...NO_FIGURES, lossPct: 3 };

  it('takes two bad samples to be weak, and two good ones to be good', () => {
    const meter = new QualityMeter();
    expect([bad, bad, good, good].map((figures) => meter.update(figures, true))).toEqual([
      'good',
      'weak',
      'weak',
      'good',
    ]);
  });

  it('does not flicker between the two', () => {
    const meter = new QualityMeter();
    expect([between, between, between].map((figures) => meter.update(figures, true))).toEqual(['good', 'good', 'good']);
    meter.update(bad, true);
    meter.update(bad, true);
    expect([between, between, between].map((figures) => meter.update(figures, true))).toEqual(['weak', 'weak', 'weak']);
  });

  it('is lost at once without a connection, and good at once with one', () => {
    const meter = new QualityMeter();
    expect(meter.update(good, false)).toBe('lost');
    expect(meter.update(good, true)).toBe('good');
  });
});
