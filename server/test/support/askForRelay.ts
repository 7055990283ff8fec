import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const MAGIC_COOKIE = 0x21_12_a4_42;
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 24;
const ANSWER_MS = 5000;
const ALLOCATE = 0x00_03;
const IS_ANSWERED = 0x01_03;
const USERNAME = 0x00_06;
const MESSAGE_INTEGRITY = 0x00_08;
const ERROR_CODE = 0x00_09;
const REALM = 0x00_14;
const NONCE = 0x00_15;
const REQUESTED_TRANSPORT = 0x00_19;
/** Numbers of protocols, as IP has them. */
const TRANSPORTS = { udp: 17, tcp: 6 } as const;

type Attributes = readonly (readonly [type: number, value: Buffer])[];

interface RelayRequest {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Of what is relayed: TCP is that of RFC 6062. */
  readonly transport: keyof typeof TRANSPORTS;
}

/** Asks a TURN server for a relay over TCP (RFC 8656). @returns 0 when it was given, and the code of the refusal otherwise */
export async function askForRelay({ address, port, username, password, transport }: RelayRequest): Promise<number> {
  const socket = connect(port, address);
  await once(socket, 'connect');
  try {
    const ask = async (attributes: Attributes, key: Buffer | null) => {
      socket.write(writeRequest(attributes, key));
      const answer = (await Promise.race([once(socket, 'data'), sleep(ANSWER_MS, null)])) as [Buffer] | null;
      if (!answer) throw new Error('The TURN server does not answer');
      return answer[0];
    };
    const wanted = [REQUESTED_TRANSPORT, Buffer.of(TRANSPORTS[transport], 0, 0, 0)] as const;
    const challenge = readAttributes(await ask([wanted], null));
    const realm = challenge.get(REALM)!;
    const credentials: Attributes = [
      [USERNAME, Buffer.from(username)],
      [REALM, realm],
      [NONCE, challenge.get(NONCE)!],
    ];
    const key = createHash('md5').update(`${username}:${realm.toString()}:${password}`).digest();
    const answer = await ask([wanted, ...credentials], key);
    if (answer.readUInt16BE(0) === IS_ANSWERED) return 0;
    const code = readAttributes(answer).get(ERROR_CODE)!;
    return code[2]! * 100 + code[3]!;
  } finally {
    socket.destroy();
  }
}

function writeRequest(attributes: Attributes, key: Buffer | null): Buffer {
  const body = Buffer.concat(
    attributes.map(([type, value]) => {
      const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
      padded.writeUInt16BE(type, 0);
      padded.writeUInt16BE(value.length, 2);
      value.copy(padded, 4);
      return padded;
    }),
  );
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(ALLOCATE, 0);
  header.writeUInt16BE(body.length + (key ? INTEGRITY_BYTES : 0), 2);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  randomBytes(12).copy(header, 8);
  const message = Buffer.concat([header, body]);
  if (!key) return message;
  const integrity = Buffer.alloc(4);
  integrity.writeUInt16BE(MESSAGE_INTEGRITY, 0);
  integrity.writeUInt16BE(INTEGRITY_BYTES - 4, 2);
  return Buffer.concat([message, integrity, createHmac('sha1', key).update(message).digest()]);
}

function readAttributes(message: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at + 4 <= message.length;) {
    const length = message.readUInt16BE(at + 2);
    attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return attributes;
}
