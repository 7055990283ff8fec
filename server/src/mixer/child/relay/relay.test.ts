import { randomBytes } from 'node:crypto';
import { writeRtp } from '@tribune/shared/rtp.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { deriveRelayKey } from '../../deriveRelayKey.ts';
import { RelayReceiver } from './RelayReceiver.ts';
import { RelaySender } from './RelaySender.ts';

const PORT = 40_000;
const HOME = '192.0.2.1';
const KEY = deriveRelayKey('a secret of at least thirty-two characters');
const payload = Buffer.from('what everyone on stage says at this moment');

function rtp(sequenceNumber: number): Buffer {
  const header = { payloadType: 100, sequenceNumber, timestamp: 960 * sequenceNumber, ssrc: 7, marker: false };
  return writeRtp({ ...header, csrcs: [1], payload });
}

describe('the mix on its way from mixer to mixer', () => {
  let sender: RelaySender;
  let receiver: RelayReceiver;
  beforeEach(() => {
    sender = new RelaySender(KEY, 'r1');
    receiver = new RelayReceiver(KEY, 'r1', PORT);
  });

  function seal(sequenceNumber: number, epoch = 1, from = sender): Buffer {
    return from.seal(rtp(sequenceNumber), epoch, new Set([PORT])).get(PORT)!;
  }

  it('arrives as it was sent, and says under which epoch', () => {
    expect(receiver.open(seal(1, 5), HOME)).toMatchObject({ epoch: 5, packet: rtp(1) });
  });

  it('shows nothing of the sound, and not whose it is', () => {
    const datagram = seal(1);
    expect(datagram.includes(payload)).toBe(false);
    expect(datagram.includes(rtp(1).subarray(0, 12))).toBe(false);
  });

  it('is one stream from one sender, also when its epoch changes, and another from another', () => {
    const first = receiver.open(seal(1), HOME)!.stream;
    expect(receiver.open(seal(2), HOME)!.stream).toBe(first);
    expect(receiver.open(seal(3, 2), HOME)!.stream).toBe(first);
    expect(receiver.open(seal(1, 1, new RelaySender(KEY, 'r1')), HOME)!.stream).not.toBe(first);
  });

  it('is taken once, and in any order', () => {
    const [one, two, three] = [seal(1), seal(2), seal(3)];
    const taken = [one, three, two, two, one, three].map((datagram) => receiver.open(datagram, HOME) !== null);
    expect(taken).toEqual([true, true, true, false, false, false]);
  });

  it('is not taken with another secret, for another room, or at another port', () => {
    const others = [
      new RelayReceiver(deriveRelayKey('another secret of at least thirty-two'), 'r1', PORT),
      new RelayReceiver(KEY, 'r2', PORT),
      new RelayReceiver(KEY, 'r1', PORT + 1),
    ];
    for (const other of others) expect(other.open(seal(1), HOME)).toBeNull();
  });

  it('is not taken when any of its bytes was changed, and what is genuine still is', () => {
    const genuine = seal(1);
    receiver.open(seal(2), HOME);
    for (let at = 0; at < genuine.length; at++) {
      const forged = Buffer.from(genuine);
      forged[at]! ^= 1;
      expect(receiver.open(forged, HOME), `byte ${at}`).toBeNull();
    }
    expect(receiver.open(genuine, HOME)).not.toBeNull();
  });

  it('is not taken when it is cut short, or longer than any packet of a mix', () => {
    const genuine = seal(1);
    for (let length = 0; length < genuine.length; length++)
      expect(receiver.open(genuine.subarray(0, length), HOME)).toBeNull();
    const long = sender.seal(Buffer.concat([rtp(1), Buffer.alloc(1500)]), 1, new Set([PORT])).get(PORT)!;
    expect(receiver.open(long, HOME)).toBeNull();
  });

  it('is not taken when what was encrypted is no RTP packet', () => {
    const seals = [Buffer.alloc(40), rtp(1).subarray(0, 13)].map((packet) =>
      sender.seal(packet, 1, new Set([PORT])).get(PORT)!,
    );
    for (const datagram of seals) expect(receiver.open(datagram, HOME)).toBeNull();
  });

  const strangers = (count: number) => Array.from({ length: count }, () => seal(1, 1, new RelaySender(KEY, 'r1')));
  const taken = (datagrams: readonly Buffer[], addressOf: (n: number) => string) =>
    datagrams.filter((datagram, n) => receiver.open(datagram, addressOf(n))).length;

  it('tries no more than so many packets of strangers, whatever comes of them, and goes on with whoever is known', () => {
    receiver.open(seal(0), HOME);
    expect(taken(strangers(500), () => HOME)).toBeLessThan(100);
    for (let number = 1; number < 500; number++) expect(receiver.open(seal(number), HOME)).not.toBeNull();
  });

  it('keeps no sender waiting while another address floods', () => {
    for (let n = 0; n < 1000; n++) receiver.open(randomBytes(100).fill(1, 0, 1), '192.0.2.66');
    expect(taken(strangers(1), () => '192.0.2.66')).toBe(0);
    expect(taken(strangers(1), () => HOME)).toBe(1);
  });

  it('tries no more than so many packets of addresses that are made up, and goes on with whoever is known', () => {
    receiver.open(seal(0), HOME);
    const flood = Array.from({ length: 4000 }, () => randomBytes(100).fill(1, 0, 1));
    expect(taken(flood, (n) => `198.51.100.${n % 1000}`)).toBe(0);
    // Each address that is known by now has more than one left; all others have used up what they share.
    expect(taken(strangers(500), (n) => `203.0.113.${n}`)).toBeLessThan(30);
    for (let number = 1; number < 500; number++) expect(receiver.open(seal(number), HOME)).not.toBeNull();
  });

  it('has one key for each port, and one counter for all of them', () => {
    const datagrams = sender.seal(rtp(1), 1, new Set([PORT, PORT + 1]));
    const [one, two] = [datagrams.get(PORT)!, datagrams.get(PORT + 1)!];
    expect(one.subarray(0, 19)).toEqual(two.subarray(0, 19));
    expect(one.subarray(19)).not.toEqual(two.subarray(19));
    expect(new RelayReceiver(KEY, 'r1', PORT + 1).open(two, HOME)).toMatchObject({ packet: rtp(1) });
  });
});
