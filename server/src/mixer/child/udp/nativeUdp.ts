import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { SOCKET_BUFFER_BYTES } from './bindUdp.ts';
import { MAX_WAITING, type LoopbackSocket, type TakeDatagram } from './LoopbackSocket.ts';

/**
 * UDP by the system calls of Linux. The kernel takes down when each datagram came, so that many can be read at once, later: a process
 * that mixes wakes up once for each packet of a mix, and not for each packet of a voice. `dgram` cannot be asked for these times.
 */

// Of the headers of Linux, alike on all of its 64-bit processors that Node supports, all of which are little-endian here.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_TIMESTAMPNS = 35;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const CLOCK_REALTIME = 0;
const PROCESSORS: readonly string[] = ['x64', 'arm64'];

/** Datagrams that one system call reads at most. */
const BATCH = 64;
/** More than fits into a frame of Ethernet is no packet of a voice. */
const DATAGRAM_BYTES = 1504;
const ADDRESS_BYTES = 16;
// What `recvmmsg` works with: for each datagram a `struct mmsghdr`, a `struct iovec`, room for a control message, and the datagram.
const HEADER_BYTES = 64;
const VECTOR_BYTES = 16;
const CONTROL_BYTES = 64;
const VECTORS_AT = BATCH * HEADER_BYTES;
const CONTROLS_AT = VECTORS_AT + BATCH * VECTOR_BYTES;
const DATAGRAMS_AT = CONTROLS_AT + BATCH * CONTROL_BYTES;
const TIME_AT = DATAGRAMS_AT + BATCH * DATAGRAM_BYTES;
const MEMORY_BYTES = TIME_AT + 16;
// Of a `struct mmsghdr`.
const CONTROL_LENGTH_AT = 40;
const FLAGS_AT = 48;
const LENGTH_AT = 56;
// Of a control message: its length, its level, its type, and here a `struct timespec`.
const STAMP_BYTES = 32;

const PROBE_ATTEMPTS = 50;

/** The part of the C library that is used, by its names. */
interface SystemCalls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Buffer, length: number) => number;
  readonly bind: (fd: number, address: Buffer, length: number) => number;
  readonly getsockname: (fd: number, address: Buffer, length: Buffer) => number;
  readonly recvmmsg: (fd: number, headers: Buffer, count: number, flags: number, timeout: null) => number;
  readonly sendto: (fd: number, data: Buffer, n: number, flags: number, address: Buffer, length: number) => number;
  readonly clock_gettime: (clock: number, time: Buffer) => number;
  readonly close: (fd: number) => number;
  readonly errno: () => number;
}

type BindNative = (port: number) => LoopbackSocket;

let loading: Promise<BindNative | null> | undefined;

/** Binds ports of the loopback; null on other systems, and where the kernel does not say when datagrams came. Loaded once. */
export async function loadNativeUdp(): Promise<BindNative | null> {
  loading ??= load();
  return loading;
}

async function load(): Promise<BindNative | null> {
  if (process.platform !== 'linux' || !PROCESSORS.includes(process.arch)) return null;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const calls: SystemCalls = {
      socket: libc.func('int socket(int domain, int type, int protocol)'),
      setsockopt: libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
      bind: libc.func('int bind(int fd, void *address, uint32_t length)'),
      getsockname: libc.func('int getsockname(int fd, void *address, void *length)'),
      recvmmsg: libc.func('int recvmmsg(int fd, void *headers, uint32_t count, int flags, void *timeout)'),
      sendto: libc.func('long sendto(int fd, void *data, size_t n, int flags, void *address, uint32_t length)'),
      clock_gettime: libc.func('int clock_gettime(int clock, void *time)'),
      close: libc.func('int close(int fd)'),
      errno: () => koffi.errno(),
    };
    const pointer: unknown = koffi.alloc('uint8_t', MEMORY_BYTES);
    const memory = Buffer.from(koffi.view(pointer, MEMORY_BYTES));
    const batch = new Batch(calls, memory, koffi.address(pointer));
    const bind = (port: number) => new NativeLoopbackSocket(calls, batch, port);
    return (await tellsTimes(bind, batch)) ? bind : null;
  } catch {
    // koffi has no binary for this machine, or the C library is another one.
    return null;
  }
}

/** Whether the kernel says when a datagram came. */
async function tellsTimes(bind: BindNative, batch: Batch): Promise<boolean> {
  const socket = bind(0);
  try {
    socket.send(Buffer.of(0), socket.port);
    let came = 0;
    for (let attempt = 0; attempt < PROBE_ATTEMPTS && came === 0; attempt++) {
      await sleep(1);
      socket.drain(() => (came += 1));
    }
    return came > 0 && batch.hasStamp(0);
  } finally {
    socket.close();
  }
}

/** Memory that the kernel reads datagrams into, some at a time. One for the process: nothing stays in it from one call to the next. */
class Batch {
  readonly #calls: SystemCalls;
  readonly #memory: Buffer;

  constructor(calls: SystemCalls, memory: Buffer, address: bigint) {
    this.#calls = calls;
    this.#memory = memory;
    memory.fill(0);
    for (let n = 0; n < BATCH; n++) {
      const vectorAt = VECTORS_AT + n * VECTOR_BYTES;
      memory.writeBigUInt64LE(address + BigInt(DATAGRAMS_AT + n * DATAGRAM_BYTES), vectorAt);
      memory.writeUInt32LE(DATAGRAM_BYTES, vectorAt + 8);
      const headerAt = n * HEADER_BYTES;
      memory.writeBigUInt64LE(address + BigInt(vectorAt), headerAt + 16);
      memory.writeUInt32LE(1, headerAt + 24);
      memory.writeBigUInt64LE(address + BigInt(CONTROLS_AT + n * CONTROL_BYTES), headerAt + 32);
      memory.writeUInt32LE(CONTROL_BYTES, headerAt + CONTROL_LENGTH_AT);
    }
  }

  /** Reads what has come, without waiting. @returns the number of datagrams */
  read(fd: number): number {
    return Math.max(0, this.#calls.recvmmsg(fd, this.#memory, BATCH, MSG_DONTWAIT, null));
  }

  /** A copy of a datagram that was read; null for one that is too long. Its place is ready for the next call then. */
  take(n: number): Buffer | null {
    const headerAt = n * HEADER_BYTES;
    const isCut = (this.#memory.readInt32LE(headerAt + FLAGS_AT) & MSG_TRUNC) !== 0;
    this.#memory.writeUInt32LE(CONTROL_BYTES, headerAt + CONTROL_LENGTH_AT);
    if (isCut) return null;
    const datagram = Buffer.allocUnsafe(this.#memory.readUInt32LE(headerAt + LENGTH_AT));
    const start = DATAGRAMS_AT + n * DATAGRAM_BYTES;
    this.#memory.copy(datagram, 0, start, start + datagram.length);
    return datagram;
  }

  hasStamp(n: number): boolean {
    return this.#memory.readInt32LE(CONTROLS_AT + n * CONTROL_BYTES + 12) === SO_TIMESTAMPNS;
  }

  /** How long ago a datagram that was read came. */
  ageMs(n: number): number {
    const stampAt = CONTROLS_AT + n * CONTROL_BYTES + STAMP_BYTES - 16;
    return this.#timeBetween(stampAt, TIME_AT);
  }

  /** Ages are as of this moment. */
  takeTime(): void {
    this.#calls.clock_gettime(CLOCK_REALTIME, this.#memory.subarray(TIME_AT));
  }

  /** Of two `struct timespec`. Seconds wrap every 136 years; their difference does not care. */
  #timeBetween(from: number, to: number): number {
    const seconds = (this.#memory.readUInt32LE(to) - this.#memory.readUInt32LE(from)) | 0;
    return seconds * 1000 + (this.#memory.readInt32LE(to + 8) - this.#memory.readInt32LE(from + 8)) / 1e6;
  }
}

class NativeLoopbackSocket implements LoopbackSocket {
  readonly port: number;
  readonly #calls: SystemCalls;
  readonly #batch: Batch;
  /** Of whoever a datagram is sent to. */
  readonly #address = addressOf(0);
  /** -1 once it is closed: the number may be another's by then. */
  #fd: number;
  #drainedMs = performance.now();

  constructor(calls: SystemCalls, batch: Batch, port: number) {
    this.#calls = calls;
    this.#batch = batch;
    this.#fd = this.#check('socket', calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    try {
      this.#set(SO_RCVBUF, SOCKET_BUFFER_BYTES);
      this.#set(SO_SNDBUF, SOCKET_BUFFER_BYTES);
      this.#set(SO_TIMESTAMPNS, 1);
      const address = addressOf(port);
      this.#check('bind', calls.bind(this.#fd, address, ADDRESS_BYTES));
      this.#check('getsockname', calls.getsockname(this.#fd, address, int32(ADDRESS_BYTES)));
      this.port = address.readUInt16BE(2);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  drain(take: TakeDatagram): void {
    if (this.#fd < 0) return;
    const since = this.#drainedMs;
    for (let [total, count] = [0, BATCH]; count === BATCH && total < MAX_WAITING; total += count) {
      count = this.#batch.read(this.#fd);
      if (count === 0) break;
      this.#batch.takeTime();
      const nowMs = performance.now();
      this.#drainedMs = nowMs;
      // All are taken out before any is handed over: whoever takes them may drain another socket.
      const arrived = Array.from({ length: count }, (_, n) => ({
        datagram: this.#batch.take(n),
        // Where the clock of the machine was set meanwhile, the time is kept within what is possible.
        arrivalMs: Math.min(nowMs, Math.max(since, nowMs - this.#batch.ageMs(n))),
      }));
      for (const { datagram, arrivalMs } of arrived) if (datagram) take(datagram, arrivalMs);
    }
  }

  send(datagram: Buffer, port: number): void {
    if (this.#fd < 0) return;
    this.#address.writeUInt16BE(port, 2);
    this.#calls.sendto(this.#fd, datagram, datagram.length, MSG_DONTWAIT, this.#address, ADDRESS_BYTES);
  }

  close(): void {
    if (this.#fd >= 0) this.#calls.close(this.#fd);
    this.#fd = -1;
  }

  #set(option: number, value: number): void {
    this.#check('setsockopt', this.#calls.setsockopt(this.#fd, SOL_SOCKET, option, int32(value), 4));
  }

  /** The result of a call. @throws {Error} with the code of the system, as errors of Node have it */
  #check(call: string, result: number): number {
    if (result >= 0) return result;
    const code = getSystemErrorName(-this.#calls.errno());
    throw Object.assign(new Error(`${call} ${code}`), { code, syscall: call });
  }
}

/** A `struct sockaddr_in` of 127.0.0.1. */
function addressOf(port: number): Buffer {
  const address = Buffer.alloc(ADDRESS_BYTES);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  return address;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
