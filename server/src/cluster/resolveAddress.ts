import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Config } from '../config.ts';

/**
 * The address at which other nodes reach this one: packets of a mix go to an address, and MEDIA_ANNOUNCED_ADDRESS, its default, may be a
 * name. Of the kind that the media ports are bound to.
 * @throws {Error} that names the variable, where this node has a PUBLIC_URL and so others beside it
 */
export async function resolveClusterAddress({
  CLUSTER_ADDRESS: name,
  MEDIA_LISTEN_ADDRESS,
  PUBLIC_URL,
}: Pick<Config, 'CLUSTER_ADDRESS' | 'MEDIA_LISTEN_ADDRESS' | 'PUBLIC_URL'>): Promise<string> {
  if (isIP(name)) return name;
  try {
    return (await lookup(name, { family: isIP(MEDIA_LISTEN_ADDRESS) })).address;
  } catch (error) {
    // Alone, it is sent nothing.
    if (PUBLIC_URL === undefined) return name;
    const fault = `other nodes send to an address, and ${name}, which MEDIA_ANNOUNCED_ADDRESS names, cannot be resolved`;
    throw new Error(`Configuration:\n  CLUSTER_ADDRESS: ${fault}; for example 10.0.0.1`, { cause: error });
  }
}
