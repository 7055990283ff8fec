/** Finds, downloads or builds a mediasoup-worker that runs on this machine. @returns its path */
export function findWorker(options?: { readonly signal?: AbortSignal }): Promise<string>;
