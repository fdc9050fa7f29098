import * as v from 'valibot';
import { entriesOf } from './configuration-schema';
import type { DataSourceKeys, Engine } from './engines/engine';
import type { Machine } from './machine';
import { word } from './variable-rules';
import { isRevealing } from './verbosity';

/** The environment of the supervisor: each variable, and the rules that bind variables to each other. */
export function environmentSchema(machine: Machine) {
  return v.pipe(
    v.object(entriesOf(machine)),
    v.forward(
      v.partialCheck(
        [['MOBILINK_WORKERS'], ['MOBILINK_MAX_WORKERS']],
        (it) => it.MOBILINK_MAX_WORKERS >= it.MOBILINK_WORKERS,
        ({ input }) =>
          word(`must be at least MOBILINK_WORKERS, ${input.MOBILINK_WORKERS}`, input.MOBILINK_MAX_WORKERS, 'raise it'),
      ),
      ['MOBILINK_MAX_WORKERS'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_WORKERS'], ['MOBILINK_UPLOAD_WORKERS']],
        (it) => (it.MOBILINK_UPLOAD_WORKERS ?? 0) <= it.MOBILINK_WORKERS,
        ({ input }) =>
          word(
            `must be at most MOBILINK_WORKERS, ${input.MOBILINK_WORKERS}`,
            input.MOBILINK_UPLOAD_WORKERS,
            'lower it',
          ),
      ),
      ['MOBILINK_UPLOAD_WORKERS'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_MAX_WORKERS'], ['MOBILINK_MAX_CONNECTIONS']],
        (it) => (it.MOBILINK_MAX_CONNECTIONS ?? Number.POSITIVE_INFINITY) > it.MOBILINK_MAX_WORKERS,
        ({ input }) =>
          word(
            `must be above MOBILINK_MAX_WORKERS, ${input.MOBILINK_MAX_WORKERS}`,
            input.MOBILINK_MAX_CONNECTIONS,
            'leave it out for script versions x maximum workers + 1',
          ),
      ),
      ['MOBILINK_MAX_CONNECTIONS'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_STREAMS'], ['MOBILINK_HEALTH_PORT']],
        (it) => it.MOBILINK_STREAMS.every(({ port }) => port !== it.MOBILINK_HEALTH_PORT),
        ({ input }) => word('must not be the port of a stream', input.MOBILINK_HEALTH_PORT, 'choose another port'),
      ),
      ['MOBILINK_HEALTH_PORT'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_IGNORED_CLIENTS'], ['MOBILINK_CLIENT_IP_PRESERVED']],
        (it) => it.MOBILINK_IGNORED_CLIENTS.length === 0 || it.MOBILINK_CLIENT_IP_PRESERVED === 'yes',
        ({ input }) =>
          word(
            'must be empty unless MOBILINK_CLIENT_IP_PRESERVED is yes: else every remote comes from an address of the load balancer, and could be cut off',
            input.MOBILINK_IGNORED_CLIENTS,
            'preserve client addresses, or leave it out',
          ),
      ),
      ['MOBILINK_IGNORED_CLIENTS'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_VERBOSITY'], ['MOBILINK_VERBOSITY_UNTIL'], ['MOBILINK_VERBOSITY_REASON']],
        (it) =>
          !isRevealing(it.MOBILINK_VERBOSITY) ||
          (it.MOBILINK_VERBOSITY_UNTIL !== undefined && it.MOBILINK_VERBOSITY_REASON !== undefined),
        ({ input }) =>
          word(
            'needs MOBILINK_VERBOSITY_UNTIL and MOBILINK_VERBOSITY_REASON with any of + r i q f, which put row contents or the noise of probes into the log',
            input.MOBILINK_VERBOSITY,
            'give both, or leave these letters out',
          ),
      ),
      ['MOBILINK_VERBOSITY'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_DATABASE'], ['MOBILINK_ODBC_DRIVER'], ['SQLANY17']],
        (it) => !driverFileOf(it).startsWith('/') || machine.isFile(driverFileOf(it)),
        ({ input }) =>
          word(
            `the driver of the engine ${input.MOBILINK_DATABASE.engine.name} must be in the image`,
            driverFileOf(input),
            'install it by a hook of the image, or name another in MOBILINK_ODBC_DRIVER',
          ),
      ),
      ['MOBILINK_ODBC_DRIVER'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_DATABASE'], ['MOBILINK_ODBC_DRIVER'], ['SQLANY17']],
        (it) => faultOfKeys(it) === undefined,
        ({ input }) => `${faultOfKeys(input)}. Fix: choose a word that the driver keeps, or another driver`,
      ),
      ['MOBILINK_DATABASE', 'dsn'],
    ),
    v.forward(
      v.partialCheck(
        [['MOBILINK_DATABASE'], ['MOBILINK_CA_BUNDLE']],
        (it) => [authoritiesOf(it)].every((file) => file === undefined || machine.isFile(file)),
        ({ input }) =>
          word(
            "must be a file, for the server's certificate is checked against it",
            authoritiesOf(input),
            'put the certificates of the authorities there',
          ),
      ),
      ['MOBILINK_CA_BUNDLE'],
    ),
  );
}

interface DriverChoice {
  readonly MOBILINK_DATABASE: { readonly engine: Engine; readonly dsn: DataSourceKeys };
  readonly MOBILINK_ODBC_DRIVER?: string;
  readonly SQLANY17: string;
}

interface Trust {
  readonly MOBILINK_DATABASE: { readonly engine: Engine; readonly dsn: DataSourceKeys };
  readonly MOBILINK_CA_BUNDLE: string;
}

function authoritiesOf({ MOBILINK_DATABASE: { engine, dsn }, MOBILINK_CA_BUNDLE }: Trust): string | undefined {
  return engine.authorities(dsn, MOBILINK_CA_BUNDLE);
}

/** The library of the driver: the one that is named, or the usual one of the engine. */
export function driverFileOf({ MOBILINK_DATABASE, MOBILINK_ODBC_DRIVER, SQLANY17 }: DriverChoice): string {
  return MOBILINK_ODBC_DRIVER ?? MOBILINK_DATABASE.engine.driverFile(SQLANY17);
}

function faultOfKeys(it: DriverChoice): string | undefined {
  const { engine, dsn } = it.MOBILINK_DATABASE;
  return engine.faultOfKeys(dsn, driverFileOf(it));
}
