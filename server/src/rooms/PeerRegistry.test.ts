import { expect, it } from 'vitest';
import { PeerRegistry } from './PeerRegistry.ts';

it('is not empty while somebody is between ticket and connection, who can be ended with the room by nobody', () => {
  const peers = new PeerRegistry({ capacity: 10, perAddressShare: 1, isOnStage: () => false });
  expect(peers.isEmpty).toBe(true);
  peers.reserve('ann', 'one');
  expect(peers.isEmpty).toBe(false);
  peers.dropAbsent(1000, performance.now() + 4000);
  expect(peers.isEmpty).toBe(false);
  // Whoever is not there by then has gone.
  peers.dropAbsent(1000, performance.now() + 6000);
  expect(peers.isEmpty).toBe(true);
});
