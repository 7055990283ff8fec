import { loadNativeOpus } from './nativeOpus.ts';
import type { OpusCodec } from './OpusCodec.ts';
import { loadWasmOpus } from './wasmOpus.ts';

let loading: Promise<OpusCodec> | undefined;

/** The libopus of this machine, which takes about half the CPU; where there is none, the one in WebAssembly. Loaded once. */
export async function loadOpus(): Promise<OpusCodec> {
  loading ??= loadNativeOpus().then(async (native) => native ?? loadWasmOpus());
  return loading;
}
