import { join } from 'node:path';
import { type ChildSettings, startChild } from './child';

export interface Mlstop {
  readonly installation: string;
  readonly environment: ChildSettings['environment'];
  readonly folder: string;
  /** The server's `-zs`. */
  readonly name: string;
  /** How long syncs may go on; undefined: forced. */
  readonly graceMillis?: number;
}

/** mlstop waits for the server by `-w`; beyond the grace it has nothing to wait for. */
const MARGIN = 5_000;
const MOST_WORDS = 500;

/** The arguments of mlstop (facts: `-t N{D|H|M|S}` soft, then hard; `-w` waits; `-f` forced; `-q` says nothing). */
export function mlstopArguments({ name, graceMillis }: Pick<Mlstop, 'name' | 'graceMillis'>): string[] {
  if (graceMillis === undefined) return ['-q', '-f', name];
  return ['-q', '-w', '-t', `${Math.max(1, Math.ceil(graceMillis / 1_000))}s`, name];
}

/** Tells the server to stop; gives the reason when mlstop could not. */
export async function mlstop(settings: Mlstop): Promise<string | undefined> {
  const { installation, environment, folder, graceMillis = 0 } = settings;
  const child = startChild({
    program: join(installation, 'bin64', 'mlstop'),
    arguments: mlstopArguments(settings),
    environment,
    folder,
  });
  let words = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.on('data', (chunk: Buffer) => {
      if (words.length < MOST_WORDS) words += chunk.toString('utf8');
    });
  }
  const timer = setTimeout(() => child.killAll(), graceMillis + MARGIN);
  const ending = await child.ended;
  clearTimeout(timer);
  child.killAll();
  for (const pipe of [child.stdout, child.stderr]) pipe.destroy();
  if ('code' in ending && ending.code === 0) return undefined;
  const how = 'code' in ending ? `mlstop ended with ${ending.code}` : `mlstop was ended by ${ending.signal}`;
  const said = (ending.detail ?? words).replace(/\s+/g, ' ').trim().slice(0, MOST_WORDS);
  return said === '' ? how : `${how}: ${said}`;
}
