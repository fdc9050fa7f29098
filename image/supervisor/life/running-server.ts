import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../child';
import type { Configuration } from '../configuration';
import type { LineMeaning } from '../log/line-meaning';
import { logFile } from '../log/log-file';
import type { Output } from '../log/output';
import { passLogOn } from '../log/server-log';
import type { Provision } from '../provision';
import { listensOn } from './listening';
import type { Observation } from './observation';
import type { Timing } from './timing';

export interface ServerSettings {
  readonly configuration: Configuration;
  readonly provision: Provision;
  readonly output: Output;
  readonly timing: Timing;
  readonly log: {
    readonly onLine: (line: string, meaning: LineMeaning) => void;
    readonly onTrouble: (error: Error) => void;
  };
  readonly observe: (observation: Observation) => void;
}

/** One mlsrv17, from its start to its last line. */
export interface RunningServer extends Pick<Child, 'signal' | 'killAll'> {
  readonly provision: Provision;
  /** Undefined once it has ended. */
  livingPid(): number | undefined;
  logFinished(patienceMillis: number): Promise<void>;
}

/** Starts mlsrv17 in the foreground and tells what becomes of it. */
export function startServer({ configuration, provision, output, timing, log, observe }: ServerSettings): RunningServer {
  const { file, arguments: logArguments } = logFile(configuration.extraArguments, provision.folder);
  const child = startChild({
    program: provision.program,
    arguments: [...provision.arguments, ...logArguments],
    environment: provision.environment,
    folder: provision.folder,
  });
  const { pid } = child;
  let isAlive = pid !== undefined;
  const passed = passLogOn({
    stdout: child.stdout,
    stderr: child.stderr,
    file,
    redact: provision.redact,
    output,
    onLine(line, meaning) {
      log.onLine(line, meaning);
      if (meaning.isConnection && isAlive) observe({ kind: 'connection-error' });
    },
    onTrouble: log.onTrouble,
  });
  if (pid !== undefined) {
    observe({ kind: 'started', pid, name: provision.name });
    const ports = configuration.streams.map(({ port }) => port);
    void whenListening(pid, ports, timing.listenEvery, () => isAlive).then((listens) => {
      if (listens) observe({ kind: 'listening' });
    });
  }
  const finished = child.ended.then(async ({ detail, ...ending }) => {
    isAlive = false;
    // What it has left behind would hold its ports and its connections to the database.
    child.killAll();
    if (detail !== undefined) log.onTrouble(new Error(detail));
    observe({ kind: 'ended', ending });
    await passed.finish(timing.logPatience);
  });
  return {
    provision,
    livingPid: () => (isAlive ? pid : undefined),
    signal: child.signal,
    killAll: child.killAll,
    // One that cannot be killed never ends.
    logFinished: (patienceMillis) => Promise.race([finished, sleep(patienceMillis + 500)]),
  };
}

async function whenListening(
  pid: number,
  ports: readonly number[],
  everyMillis: number,
  isAlive: () => boolean,
): Promise<boolean> {
  while (isAlive()) {
    if (await listensOn(pid, ports)) return isAlive();
    await sleep(everyMillis);
  }
  return false;
}
