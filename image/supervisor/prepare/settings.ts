import * as v from 'valibot';
import { type Configuration, ConfigurationError, parseConfiguration } from '../configuration';
import type { Machine } from '../machine';
import { incomplete, json, text, word } from '../variable-rules';

const MOST_SCRIPTS = 100;

const script = v.object(
  {
    name: text('must be 1 to 40 lower-case letters, digits, hyphens and underscores', 'rename it', (it) =>
      /^[a-z0-9][a-z0-9_-]{0,39}$/.test(it),
    ),
    version: text('must be 1 to 20 lower-case letters, digits, dots, hyphens and underscores', 'rename it', (it) =>
      /^[a-z0-9][a-z0-9._-]{0,19}$/.test(it),
    ),
    bucket: text('must be a bucket', 'name it'),
    key: text('must be the key of an object', 'name it'),
    sha256: text('must be 64 hexadecimal digits in lower case', 'give what sha256sum prints', (it) =>
      /^[0-9a-f]{64}$/.test(it),
    ),
  },
  incomplete('give name, version, bucket, key and sha256'),
);

const preparation = json(
  '{"setUp":"run","scripts":[]}',
  'give both',
  v.object(
    {
      setUp: v.picklist(['run', 'never'], ({ input }) => word('must be run or never', input, 'choose one')),
      scripts: v.pipe(
        v.array(script, 'must be a list. Fix: put the scripts into brackets'),
        v.maxLength(MOST_SCRIPTS, `must be at most ${MOST_SCRIPTS}. Fix: join those that were applied everywhere`),
        v.check(
          (scripts) => new Set(scripts.map((it) => `${it.name} ${it.version}`)).size === scripts.length,
          'must not hold a name and version twice. Fix: leave one out',
        ),
      ),
    },
    incomplete('give setUp and scripts'),
  ),
);

/** A file of the customer's. */
export type Script = v.InferOutput<typeof script>;

/** What a preparation has been told. */
export interface PreparationSettings {
  readonly configuration: Configuration;
  readonly setUp: 'run' | 'never';
  readonly scripts: readonly Script[];
}

/** What only mlsrv17 needs: a preparation is not told, so that a change of it does not prepare the database again. */
const OF_THE_SERVER = {
  MOBILINK_STREAMS: '[{"protocol":"tcpip","port":2439}]',
  MOBILINK_IGNORED_CLIENTS: undefined,
  MOBILINK_CLIENT_IP_PRESERVED: undefined,
  MOBILINK_HEALTH_PORT: '8439',
  MOBILINK_WORKERS: '1',
  MOBILINK_MAX_WORKERS: '1',
  MOBILINK_UPLOAD_WORKERS: undefined,
  MOBILINK_SCRIPT_VERSIONS: '1',
  MOBILINK_MAX_CONNECTIONS: undefined,
  MOBILINK_LONGEST_SYNC_SECONDS: '120',
  MOBILINK_EXTRA_ARGUMENTS: undefined,
  MOBILINK_VERBOSITY: undefined,
  MOBILINK_METRICS: '{"namespace":"none","farm":"none"}',
} as const;

/** Reads of the environment what leads to the database; throws a `ConfigurationError` with all problems at once. */
export function parseDatabaseUse(env: NodeJS.ProcessEnv, machine?: Machine): Configuration {
  return parseConfiguration({ ...env, ...OF_THE_SERVER }, machine);
}

/** Reads the environment; throws a `ConfigurationError` with all problems at once. */
export function parsePreparation(env: NodeJS.ProcessEnv, machine?: Machine): PreparationSettings {
  const problems: string[] = [];
  const told = v.safeParse(v.object({ MOBILINK_PREPARATION: preparation }), {
    MOBILINK_PREPARATION: env.MOBILINK_PREPARATION,
  });
  for (const issue of told.issues ?? []) problems.push(`${v.getDotPath(issue)}: ${issue.message}`);
  let configuration: Configuration | undefined;
  try {
    configuration = parseDatabaseUse(env, machine);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.unshift(...error.problems);
  }
  if (configuration === undefined || !told.success) throw new ConfigurationError(problems);
  return { configuration, ...told.output.MOBILINK_PREPARATION };
}
