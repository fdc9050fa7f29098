import type { Questions, Value } from '../sql/expression';
import { parseBody } from '../sql/program';
import type { Variants } from '../variants';
import type { RunningDatabase } from './running-database';

/** What the functions PROPERTY and DB_PROPERTY answer. The values are UNSOURCED; how they are written is a variant. */
export function questionsTo(server: string, database: RunningDatabase, variants: Variants, user: string): Questions {
  const spelled = (word: string | null): Value => {
    if (word === null) return null;
    if (variants.words === 'UPPER') return word.toUpperCase();
    return variants.words === 'lower' ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`;
  };
  const rules = database.mirroring?.rules;
  const connected = (is: boolean | undefined) => spelled(is === undefined ? null : is ? 'connected' : 'disconnected');
  const answers: Readonly<Record<string, () => Value>> = {
    mirrorrole: () => spelled(rules?.role ?? null),
    mirrorstate: () => {
      if (!rules || (rules.role === 'mirror' && variants.mirror_state === 'null')) return null;
      return spelled(rules.state);
    },
    mirrormode: () => spelled(database.definition?.mode ?? null),
    partnerstate: () => connected(rules?.partner.connected),
    arbiterstate: () => connected(rules?.arbiter.connected),
    readonly: () => (database.isReadOnly ? 'On' : 'Off'),
    name: () => database.name,
    file: () => database.log.file.replace(/\.log$/, '.db'),
    logname: () => database.log.file,
  };
  return {
    property: (name) => (name.toLowerCase() === 'name' ? server : null),
    databaseProperty: (name) => answers[name.toLowerCase()]?.() ?? null,
    utc: () => new Date(),
    user: () => user,
  };
}

/** Runs a procedure of the database; undefined when there is none of that name. */
export function runProcedure(
  name: string,
  database: RunningDatabase,
  questions: Questions,
): { line: Value; headers: (readonly [string, Value])[] } | undefined {
  const body = database.now.procedures[name];
  if (body === undefined) return undefined;
  const { headers, line } = parseBody(body);
  return { line: line(questions), headers: headers.map(([header, value]) => [header, value(questions)]) };
}
