import type { DatabaseContents } from '../files/database-file';
import { SqlError } from '../sql/tokens';
import type { SynchronizationState } from './handshake';

export interface Wanted {
  readonly profile?: string;
  readonly subscriptions?: readonly string[];
}

/** What of a database a profile, or a list of subscriptions, stands for. */
export function selected(
  contents: Readonly<DatabaseContents>,
  { profile, subscriptions }: Wanted,
): Pick<SynchronizationState, 'subscriptions' | 'oldest'> {
  const options = profile === undefined ? new Map<string, string>() : optionsOf(contents, profile);
  const names = subscriptions ?? (options.get('subscription') ?? options.get('s') ?? '').split(',').filter(Boolean);
  const downloadOnly = isOn(options.get('downloadonly') ?? options.get('ds'));
  if (names.length === 0) throw new SqlError(`Synchronization profile '${profile}' names no subscription`);
  const found = names.map((name) => {
    const subscription = contents.subscriptions[name];
    if (!subscription) throw new SqlError(`Subscription '${name}' not found`);
    const publication = contents.publications[subscription.publication];
    return {
      ...subscription,
      name,
      tables: publication?.tables ?? [],
      uploads: !downloadOnly && publication?.downloadOnly !== true,
    };
  });
  const users = new Set(found.map(({ user }) => user));
  // All logs since the oldest progress of the user's subscriptions are asked for (SQL Anywhere 11, "Transaction log files").
  const uploading = Object.values(contents.subscriptions).filter(
    ({ user, publication }) => users.has(user) && contents.publications[publication]?.downloadOnly !== true,
  );
  return {
    subscriptions: found,
    oldest: Math.min(contents.point.position, ...uploading.map(({ progress, since }) => progress ?? since)),
  };
}

/** dbmlsync needs SYS_RUN_REPLICATION_ROLE, or the administrator. */
export function maySynchronize({ users, roles }: Readonly<DatabaseContents>, user: string): boolean {
  return Object.keys(users)[0] === user || roles.includes(`SYS_RUN_REPLICATION_ROLE ${user}`);
}

/** `option=value;…`, the names in lower case. */
function optionsOf({ profiles }: Readonly<DatabaseContents>, profile: string): ReadonlyMap<string, string> {
  const text = profiles[profile];
  if (text === undefined) throw new SqlError(`Synchronization profile '${profile}' not found`);
  return new Map(
    text
      .split(';')
      .filter(Boolean)
      .map((option) => {
        const [name = '', value = ''] = option.split('=');
        return [name.trim().toLowerCase(), value.trim()];
      }),
  );
}

function isOn(value: string | undefined): boolean {
  return /^(on|true|yes|1)$/i.test(value ?? '');
}
