// Run at the far end of a NetworkCable: starts Firefox there. Firefox binds its port for WebDriver to loopback, which is out of
// reach from here, so what comes to the far end's address is passed on to it.
import { spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const READY = /^(WebDriver BiDi listening on ws:\/\/)(127\.0\.0\.1:(\d+))/;

const [address = '', program = '', ...args] = process.argv.slice(2);
const firefox = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] });
createInterface({ input: firefox.stderr }).on('line', (line) => {
  const [, words, host = '', port] = READY.exec(line) ?? [];
  if (port) relayTo(host, Number(port), (relay) => console.error(`${words}${relay}`));
  else console.error(line);
});
firefox.once('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => firefox.kill(signal));

function relayTo(host: string, port: number, onListening: (relay: string) => void): void {
  let ownHost = '';
  const server = createServer((outer) => {
    const inner = connect(port, '127.0.0.1');
    outer.once('data', (request) => {
      // Firefox answers no request that asks for another host than itself.
      inner.write(String(request).replace(`Host: ${ownHost}`, `Host: ${host}`));
      outer.pipe(inner).pipe(outer);
    });
    outer.on('error', () => inner.destroy());
    inner.on('error', () => outer.destroy());
  });
  server.listen(0, address, () => {
    ownHost = `${address}:${(server.address() as AddressInfo).port}`;
    onListening(ownHost);
  });
}
