import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { TurnOutcomes } from './support/turnWorld.ts';

const WORLD = fileURLToPath(new URL('support/turnWorld.ts', import.meta.url));
const LIMIT_MS = 90_000;
/** Of RFC 8656, section 19. */
const UNSUPPORTED_TRANSPORT = 442;
/** A network of its own, and the end of everything in it with the program. */
const UNSHARE = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Programs of the Debian packages coturn and nftables, and the right to make a network. */
const canRun =
  ['turnserver', 'turnutils_uclient', 'nft'].every((program) => spawnSync('which', [program]).status === 0) &&
  spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

describe.runIf(canRun)('the TURN server of deploy/coturn', () => {
  it(
    'lets a listener in with the credentials of a ticket, for as long as these are good, and relays to the media ports alone',
    async () => {
      const args = [...UNSHARE, process.execPath, WORLD];
      const { stdout } = await promisify(execFile)('unshare', args, { timeout: LIMIT_MS, killSignal: 'SIGKILL' });
      const outcomes = JSON.parse(stdout) as TurnOutcomes;
      expect(outcomes).toEqual({
        ...{ listenerWithTicket: true, listenerWithExpired: false },
        // Where UDP is blocked, one speaks TCP to the relay; from there on it is UDP, or the firewall of deploy/coturn would not see it.
        allocated: { udpOverTcp: 0, tcp: UNSUPPORTED_TRANSPORT },
        relayed: {
          ...{ toMediaPort: true, toOtherPort: false, toOtherAddress: false, toLoopback: false },
          ...{ withExpired: false, withOtherSecret: false },
        },
      });
    },
    LIMIT_MS,
  );
});
