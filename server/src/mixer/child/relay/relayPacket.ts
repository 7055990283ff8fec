import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/**
 * One packet of a mix between the mixers of two nodes: a whole RTP packet, encrypted with AES-128-GCM.
 *
 *     version (1) | epoch (6) | prefix (8) | counter (4) | encrypted RTP packet | tag (16)
 *
 * The header is in clear and authenticated. Prefix and counter are the nonce. Each sender draws its prefix at random for each room
 * and process, so that no nonce is used twice with one key.
 */
export const RELAY_VERSION = 1;
const EPOCH_AT = 1;
const EPOCH_BYTES = 6;
const NONCE_AT = EPOCH_AT + EPOCH_BYTES;
export const PREFIX_BYTES = 8;
const COUNTER_AT = NONCE_AT + PREFIX_BYTES;
export const HEADER_BYTES = COUNTER_AT + 4;
export const TAG_BYTES = 16;
export const CIPHER = 'aes-128-gcm';
const KEY_BYTES = 16;

export interface RelayHeader {
  readonly epoch: number;
  readonly prefix: Buffer;
  readonly counter: number;
}

/** The key of what is sent to one port, for one room under one epoch. */
export function deriveRoomKey(relayKey: Buffer, roomId: string, epoch: number, port: number): KeyObject {
  const info = JSON.stringify([roomId, epoch, port]);
  return createSecretKey(Buffer.from(hkdfSync('sha256', relayKey, '', info, KEY_BYTES)));
}

export function writeHeader({ epoch, prefix, counter }: RelayHeader): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = RELAY_VERSION;
  header.writeUIntBE(epoch, EPOCH_AT, EPOCH_BYTES);
  prefix.copy(header, NONCE_AT);
  header.writeUInt32BE(counter, COUNTER_AT);
  return header;
}

/** Of a packet that is at least `HEADER_BYTES` long. */
export function readHeader(packet: Buffer): RelayHeader {
  return {
    epoch: packet.readUIntBE(EPOCH_AT, EPOCH_BYTES),
    prefix: packet.subarray(NONCE_AT, COUNTER_AT),
    counter: packet.readUInt32BE(COUNTER_AT),
  };
}

export function nonceOf(header: Buffer): Buffer {
  return header.subarray(NONCE_AT, HEADER_BYTES);
}
