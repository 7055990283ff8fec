import { hkdfSync } from 'node:crypto';

/** The key from which those of all rooms are derived: the only part of the secret that a mixer process is given. */
export function deriveRelayKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'tribune relay', 32));
}
