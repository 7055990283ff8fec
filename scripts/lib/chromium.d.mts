/** @returns the path of a Chromium, or undefined where there is none and none could be installed. */
export function ensureChromium(node: string, signal?: AbortSignal, purpose?: string): Promise<string | undefined>;
