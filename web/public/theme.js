// Runs before the first paint, so that a chosen theme never flashes the other one. Must stay a file of its own: the content
// security policy allows no inline script. The rest of the logic is in `settings/theme.ts`.
try {
  const theme = JSON.parse(localStorage.getItem('tribune.theme'));
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no choice: the system decides.
}
