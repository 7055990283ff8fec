import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { ConnectionLimits } from './ConnectionLimits.ts';

function createLimits(overrides: object = {}) {
  const limits = new ConnectionLimits({
    ...{ NODE_CAPACITY: 100, PEOPLE_PER_ADDRESS: 20, PER_ADDRESS_SHARE: 0.5, ...overrides },
  });
  return {
    limits,
    open: (address: string) => {
      const connection = new EventEmitter();
      limits.open(connection, address);
      return connection;
    },
  };
}

it('one address has so many connections at once, and others have theirs', async () => {
  const { limits, open } = createLimits();
  const connections = Array.from({ length: 40 }, () => open('school'));
  for (const connection of connections) limits.recognise(connection);
  expect(await limits.mayOpen('school')).toBe(false);
  expect(await limits.mayOpen('home')).toBe(true);
  connections[0]!.emit('close');
  expect(await limits.mayOpen('school')).toBe(true);
});

it('an address from which connections show no ticket again and again is refused for a while', async () => {
  const { limits, open } = createLimits();
  for (let i = 0; i < 20; i++) open('scanner').emit('close');
  expect(await limits.mayOpen('scanner')).toBe(false);
  expect(await limits.mayOpen('home')).toBe(true);
});

it('connections that show a ticket may come and go', async () => {
  const { limits, open } = createLimits();
  for (let i = 0; i < 200; i++) {
    const connection = open('school');
    limits.recognise(connection);
    connection.emit('close');
  }
  expect(await limits.mayOpen('school')).toBe(true);
});

it('the places that are left on a node are not all for one address', () => {
  const { limits, open } = createLimits();
  const placesOf = (address: string, takenByOthers: number) => {
    for (let held = 0; ; held++) {
      open(address);
      if (!limits.hasPlaceFor(address, takenByOthers + held)) return held;
    }
  };
  expect(placesOf('alone', 0)).toBe(50);
  expect(placesOf('late', 60)).toBe(20);
  expect(placesOf('household', 95)).toBe(10);
});
