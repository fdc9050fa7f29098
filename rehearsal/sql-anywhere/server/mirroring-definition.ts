import { parseConnectionString } from '../connection-string';
import type { DatabaseContents } from '../files/database-file';
import type { MirrorMode } from '../mirroring/messages';

/** What the statements of a database say of its mirroring, as one of its partners reads it. */
export interface MirroringDefinition {
  readonly partner: string;
  readonly arbiter: string;
  readonly primaryAlias: string | undefined;
  readonly mirrorAlias: string | undefined;
  readonly stateFile: string;
  readonly authentication: string;
  readonly mode: MirrorMode;
  readonly autoFailover: boolean;
  /** HOST of each of the two others. */
  readonly hosts: Readonly<Record<string, string>>;
  /** LTO of each of the two others, in seconds. */
  readonly liveness: Readonly<Record<string, number>>;
}

/** Seconds without a word after which a server counts as gone, if its connection string has no LTO (facts §3.2 [C8]). */
const LIVENESS = 120;

/** Undefined while something that it takes is missing. */
export function definitionFor(server: string, contents: DatabaseContents): MirroringDefinition | undefined {
  const servers = Object.entries(contents.mirrorServers);
  const own = contents.mirrorServers[server];
  const [partner] = servers.find(([name, { type }]) => type === 'PARTNER' && name !== server) ?? [];
  const [arbiter] = servers.find(([, { type }]) => type === 'ARBITER') ?? [];
  const authentication = contents.mirrorOptions.authentication_string;
  if (own?.type !== 'PARTNER' || !own.stateFile || !partner || !arbiter || !authentication) return undefined;
  const alias = (kind: string) => servers.find(([, { type }]) => type === kind)?.[0];
  const read = (name: string) => parseConnectionString(contents.mirrorServers[name]?.connectionString ?? '');
  return {
    partner,
    arbiter,
    primaryAlias: alias('PRIMARY'),
    mirrorAlias: alias('MIRROR'),
    stateFile: own.stateFile,
    authentication,
    mode:
      (contents.mirrorOptions.synchronization_mode ?? 'synchronous') === 'synchronous' ? 'synchronous' : 'asynchronous',
    autoFailover: contents.mirrorOptions.auto_failover === 'on',
    hosts: { [partner]: read(partner).HOST ?? '', [arbiter]: read(arbiter).HOST ?? '' },
    liveness: {
      [partner]: Number(read(partner).LTO ?? LIVENESS),
      [arbiter]: Number(read(arbiter).LTO ?? LIVENESS),
    },
  };
}
