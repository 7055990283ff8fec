import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };

/** The machine and the versions that ran the load test: figures of two machines do not compare. */
export interface Environment {
  /** The version of the load test. */
  readonly version: string;
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
}

export function readEnvironment(): Environment {
  return {
    version: packageJson.version,
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
  };
}
