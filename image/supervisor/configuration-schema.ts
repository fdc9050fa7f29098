import { isIP } from 'node:net';
import * as v from 'valibot';
import { database } from './database-schema';
import type { Machine } from './machine';
import { metrics } from './metric-schema';
import { installedDrivers } from './odbc/installed-drivers';
import { refusalOf } from './refused-arguments';
import { streams } from './stream-schema';
import { json, secretArn, text, whole, word } from './variable-rules';
import { USUAL_LETTERS } from './verbosity';

const workers = whole(1, 1_000, 'give the number of worker threads');
const absolute = (fix: string) =>
  text('must be an absolute path of plain characters', fix, (it) => /^\/[\w./+~-]*$/.test(it));

const extraArgument = v.pipe(
  v.string('must be text. Fix: put it into quotes'),
  v.check(
    (it) => refusalOf(it) === undefined,
    ({ input }) => word(`cannot be passed on: ${refusalOf(input)}`, input, 'leave it out'),
  ),
);

const address = text('must be an IP address', 'give it as text, without port or range', (it) => isIP(it) !== 0);

const instant = v.pipe(
  text(
    'must be an instant with its offset',
    'write it like 2026-11-24T18:00:00Z',
    (it) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(it) && !Number.isNaN(Date.parse(it)),
  ),
  v.transform(Date.parse),
);

/** A library, or the name of a driver as the image has it; in either case the library comes out. */
const driver = (machine: Machine) => {
  const fix = "name a driver of the image's odbcinst.ini, or leave it out for the engine's usual one";
  const rule = 'must be the path of a library or an installed driver';
  return v.pipe(
    text(rule, fix),
    v.transform((given) => (given.startsWith('/') ? given : installedDrivers(machine.odbcinst()).get(given))),
    v.string(word(rule, 'a name that is not there', fix)),
  );
};

/** Each variable by itself. */
export const entriesOf = (machine: Machine) => ({
  MOBILINK_DATABASE: database,
  MOBILINK_LOGIN_SECRET_ARN: secretArn,
  MOBILINK_STREAMS: streams,
  MOBILINK_IGNORED_CLIENTS: v.optional(
    json(
      '["10.0.0.1"]',
      'list the addresses',
      v.array(address, 'must be a list. Fix: put the addresses into brackets'),
    ),
    '[]',
  ),
  MOBILINK_CLIENT_IP_PRESERVED: v.optional(
    v.picklist(['yes', 'no'], ({ input }) => word('must be yes or no', input, 'say what the target group does')),
    'no',
  ),
  MOBILINK_HEALTH_PORT: whole(1_024, 65_535, 'give the port that the load balancer checks'),
  MOBILINK_WORKERS: workers,
  MOBILINK_MAX_WORKERS: workers,
  MOBILINK_UPLOAD_WORKERS: v.optional(workers),
  MOBILINK_SCRIPT_VERSIONS: whole(1, 1_000, 'give how many script versions are in use at a time'),
  MOBILINK_MAX_CONNECTIONS: v.optional(whole(2, 1_000_000, 'leave it out for script versions x maximum workers + 1')),
  MOBILINK_MAX_ACTIVE_SYNCS: v.optional(whole(1, 1_000_000, 'leave it out for the default of mlsrv17')),
  MOBILINK_MAX_NETWORK_CONNECTIONS: v.optional(whole(1, 1_000_000, 'leave it out for the default of mlsrv17')),
  MOBILINK_UPLOAD_GROUP: v.optional(whole(1, 1_000_000, 'leave it out for the default of mlsrv17')),
  MOBILINK_LONGEST_SYNC_SECONDS: whole(120, 3_600, 'give for how long the target group drains'),
  MOBILINK_EXTRA_ARGUMENTS: v.optional(
    json(
      '["-zf"]',
      'list the arguments',
      v.array(extraArgument, 'must be a list. Fix: put the arguments into brackets'),
    ),
    '[]',
  ),
  MOBILINK_PERIODIC_SECONDS: v.optional(whole(1, 3_600, 'leave it out for 60'), '60'),
  MOBILINK_VERBOSITY: v.optional(
    text('must be letters of -v', 'leave it out for the usual ones', (it) => /^[a-z+]{1,26}$/.test(it)),
    USUAL_LETTERS,
  ),
  MOBILINK_VERBOSITY_UNTIL: v.optional(instant),
  MOBILINK_VERBOSITY_REASON: v.optional(text('must be a reason', 'say who needs it, and what for')),
  MOBILINK_METRICS: metrics,
  MOBILINK_TASK_NAME: v.optional(
    text('must be 1 to 40 letters, digits and hyphens', 'leave it out for the id of the task', (it) =>
      /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/.test(it),
    ),
  ),
  MOBILINK_ODBC_DRIVER: v.optional(driver(machine)),
  MOBILINK_CA_BUNDLE: v.optional(absolute('leave it out for that of the system'), '/etc/ssl/certs/ca-certificates.crt'),
  SATMP: v.pipe(
    absolute('name the one folder that can be written'),
    v.check(machine.isWritableFolder, ({ input }) =>
      word(
        'must be a folder that can be written',
        input,
        'mount a volume there that belongs to the user of the container',
      ),
    ),
  ),
  SQLANY17: v.optional(absolute('leave it out for /opt/sqlanywhere17'), '/opt/sqlanywhere17'),
  ECS_CONTAINER_METADATA_URI_V4: v.optional(v.string()),
});
