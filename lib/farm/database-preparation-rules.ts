import type { Problems } from '../validation/problems';
import type { DatabasePreparationOptions } from './database-preparation-options';

/** More of them would not fit into a task definition with the rest (Amazon ECS Developer Guide, "Amazon ECS service quotas": 64 KiB). */
const MOST_SCRIPTS = 100;

/** Whether there is anything to be done. */
export function isPreparationNeeded({ setUp = true, scripts = [] }: DatabasePreparationOptions = {}): boolean {
  return setUp || scripts.length > 0;
}

/** Notes what is wrong with the options of the given prop. */
export function validatePreparation(
  problems: Problems,
  { scripts = [] }: DatabasePreparationOptions = {},
  prop = 'preparation',
): void {
  for (const [index, script] of scripts.entries()) script._validate(problems, `${prop}.scripts[${index}]`);
  problems.require(scripts.length <= MOST_SCRIPTS, {
    id: 'MobiLink:Farm:ScriptCount',
    prop: `${prop}.scripts`,
    rule: `must be at most ${MOST_SCRIPTS}`,
    value: scripts.length,
    fix: 'leave out the oldest ones where every database has them, or join those of which no database has any',
  });
  const names = scripts.map(({ name, version }) => `${name} ${version}`);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  problems.require(twice.length === 0, {
    id: 'MobiLink:Farm:ScriptTwice',
    prop: `${prop}.scripts`,
    rule: 'must not hold a name and version twice',
    value: [...new Set(twice)].join(', '),
    fix: 'give the later one another version',
  });
}
