// Loaded into a server by NODE_OPTIONS: on SIGUSR2, code that nobody wrote a handler for fails in both ways in which code can.
process.on('SIGUSR2', () => {
  void Promise.reject(new Error('A rejection for a test'));
  setImmediate(() => {
    throw new Error('An exception for a test');
  });
});
