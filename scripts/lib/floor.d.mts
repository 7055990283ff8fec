/** Path of the program of tools/bench/floor.c, which is compiled when it has changed. @throws when it cannot be. */
export function buildFloor(signal?: AbortSignal): Promise<string>;
