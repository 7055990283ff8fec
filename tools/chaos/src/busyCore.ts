/** Keeps one core busy until the process that started it is gone. It spins in turns of 50 ms, so that it hears of that. */

const SPIN_MS = 50;

process.on('disconnect', () => process.exit());
spin();

function spin(): void {
  const endMs = performance.now() + SPIN_MS;
  while (performance.now() < endMs);
  setImmediate(spin);
}
