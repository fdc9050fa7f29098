import { parseArgs } from 'node:util';
import { VARIANTS, type Variant } from '../rehearsal/mlsrv/variants';

export interface Options {
  readonly rounds: number;
  readonly variants: readonly Variant[];
  readonly ways: readonly ('killed' | 'hung')[];
  readonly json?: string;
  readonly help: boolean;
}

const NAMES = Object.keys(VARIANTS) as Variant[];

export const USAGE = `npm run drill -- [options]

The supervisor of the server image, its real bundle, through failovers of a real MariaDB pair over real ODBC connections.
mlsrv17 is stood in for: SAP does not say what it does when its connections die, so it is played in each way that is plausible.
The figures are the supervisor's, not MobiLink's.

  --rounds N        failovers, 1 to 100 (default 2)
  --how WAY         killed, hung, or both in turn (default both)
  --variant NAME    only this one, again for more: ${NAMES.join(', ')}
  --json FILE       write the figures there too
  --help            this text

  npm run drill -- --rounds 10 --json figures.json
  npm run drill -- --how hung --variant hangs

Exit code 0 when each server was back within 10 s of the database accepting logins, 1 when one was not, 2 for wrong options or a
machine that lacks something, 130 when interrupted.`;

/** Throws one error that names everything that is wrong. */
export function parseOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: 'string', default: '2' },
      how: { type: 'string', default: 'both' },
      variant: { type: 'string', multiple: true, default: NAMES },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const problems: string[] = [];
  const rounds = Number(values.rounds);
  if (!/^\d{1,3}$/.test(values.rounds) || rounds < 1 || rounds > 100) {
    problems.push(`--rounds must be a whole number from 1 to 100, got '${values.rounds}'`);
  }
  const ways = WAYS[values.how];
  if (!ways) problems.push(`--how must be killed, hung or both, got '${values.how}'`);
  const variants = values.variant.filter((it): it is Variant => (NAMES as string[]).includes(it));
  const unknown = values.variant.filter((it) => !(NAMES as string[]).includes(it));
  if (unknown.length > 0) problems.push(`--variant must be one of ${NAMES.join(', ')}, got '${unknown.join("', '")}'`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { rounds, variants: [...new Set(variants)], ways: ways ?? [], json: values.json, help: values.help };
}

const WAYS: Readonly<Record<string, readonly ('killed' | 'hung')[]>> = {
  killed: ['killed'],
  hung: ['hung'],
  both: ['killed', 'hung'],
};
