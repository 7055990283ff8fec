import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WriteHold } from './WriteHold.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function createPair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  closing.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

it('what was written while it was held leaves together, in the order of writing', async () => {
  const { near, far } = await createPair();
  const hold = new WriteHold();
  hold.add(near, near);
  hold.hold(near);
  near.write('one ');
  await new Promise(setImmediate);
  near.write('two ');
  hold.release(near);
  hold.release(near);
  near.write('three');
  expect(String((await once(far, 'data'))[0])).toMatch(/^one two /);
  expect(near.writableCorked).toBe(0);
});

it('what is never released leaves by itself', async () => {
  const { near, far } = await createPair();
  const hold = new WriteHold();
  hold.add(near, near);
  hold.hold(near);
  hold.hold(near);
  near.write('late');
  expect(String((await once(far, 'data'))[0])).toBe('late');
  expect(near.writableCorked).toBe(0);
});
