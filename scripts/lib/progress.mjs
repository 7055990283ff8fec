const PLAIN_INTERVAL_MS = 10_000;
const TTY_INTERVAL_MS = 200;

/**
 * Runs one step and prints one line for it, with how long it took. While it runs a terminal shows where it is on that
 * line; elsewhere a line tells it every ten seconds.
 *
 * @template T
 * @param {string} title what is done, such as "Installing dependencies"
 * @param {(tell: (detail: string) => void) => Promise<T>} work
 * @param {NodeJS.WriteStream} [out]
 * @returns {Promise<T>}
 */
export async function step(title, work, out = process.stdout) {
  const started = performance.now();
  let detail = '';
  const state = () => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return `${title}${detail && ` (${detail})`}: ${seconds} s`;
  };
  const show = out.isTTY
    ? () => out.write(`\r\x1b[K${state().slice(0, (out.columns ?? 80) - 1)}`)
    : () => out.write(`${state()} so far\n`);
  const end = (line) => out.write(out.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`);

  if (out.isTTY) show();
  const timer = setInterval(show, out.isTTY ? TTY_INTERVAL_MS : PLAIN_INTERVAL_MS);
  try {
    const result = await work((text) => {
      detail = text;
    });
    end(state());
    return result;
  } catch (error) {
    end(`${state()}, failed`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
