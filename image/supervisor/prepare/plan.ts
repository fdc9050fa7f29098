import type { MobiLinkObjects } from './mobilink-objects';

/** A file of the customer's; what was applied under a name and version never changes. */
export interface ScriptId {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** What stands in the database, and what is wanted. */
export interface Situation<S extends ScriptId> {
  readonly setUp: 'run' | 'never';
  readonly objects: MobiLinkObjects;
  /** Rows of the ledger: name and checksum. */
  readonly applied: ReadonlyMap<string, string>;
  /** Of SAP's script; undefined when the image has none. */
  readonly setUpSum?: string;
  /** Where SAP's script is looked for. */
  readonly setUpFile: string;
  readonly scripts: readonly S[];
}

export type Step<S extends ScriptId> =
  | { readonly kind: 'set-up'; readonly row: string; readonly sum: string }
  | { readonly kind: 'adopt'; readonly row: string; readonly sum: string }
  | { readonly kind: 'script'; readonly row: string; readonly sum: string; readonly script: S };

export interface Plan<S extends ScriptId> {
  /** Why nothing at all may be done. */
  readonly refusals: readonly string[];
  /** What stays as it is, and why. */
  readonly notes: readonly string[];
  readonly steps: readonly Step<S>[];
}

/** The row of SAP's script. */
export const SET_UP_ROW = 'set up';
/** Stands for a set-up that somebody else has made. */
export const ADOPTED = 'adopted';
const BEGUN = 'begun:';

/** The row of a customer's script. */
export function rowOf({ name, version }: Pick<ScriptId, 'name' | 'version'>): string {
  return `script ${name} ${version}`;
}

/** What stands in a row while its script runs. Data definition commits by itself, so a script that failed has left its first half behind. */
export function begun(sum: string): string {
  return `${BEGUN}${sum}`;
}

/** What is to be done, in this order; a single refusal forbids all of it. Pure. */
export function planFor<S extends ScriptId>(situation: Situation<S>): Plan<S> {
  const setUp = planSetUp(situation);
  const scripts = situation.scripts.map((script) => planScript(script, situation.applied));
  const all = [setUp, ...scripts];
  return {
    refusals: all.flatMap((it) => it.refusal ?? []),
    notes: all.flatMap((it) => it.note ?? []),
    steps: all.flatMap((it) => it.step ?? []),
  };
}

interface Part<S extends ScriptId> {
  readonly refusal?: string;
  readonly note?: string;
  readonly step?: Step<S>;
}

function planSetUp<S extends ScriptId>(situation: Situation<S>): Part<S> {
  const { setUp, objects, applied, setUpSum, setUpFile } = situation;
  if (setUp === 'never') return { note: `MobiLink's set-up is not ours: ${objects.kind}` };
  const row = SET_UP_ROW;
  const recorded = applied.get(row);
  if (objects.kind === 'none') {
    // What was begun and has made nothing can begin again: it lacked a privilege, say.
    if (recorded === undefined || recorded.startsWith(BEGUN)) {
      if (setUpSum !== undefined) return { step: { kind: 'set-up', row, sum: setUpSum } };
      return {
        refusal: `${setUpFile} is not in the image. Fix: install the MobiLink server with its set-up scripts, or prepare the database by hand and turn the set-up off`,
      };
    }
    return {
      refusal: `mobilink_ha_applied says that MobiLink was set up, and there is no ml_ object. Fix: restore the database, or, if they were removed on purpose, delete the rows '${row}' and 'script ...' of mobilink_ha_applied`,
    };
  }
  if (recorded?.startsWith(BEGUN)) {
    return {
      refusal: `SAP's set-up script was begun before and has not ended; what stood before its end is in the database. Fix: drop all ml_ objects and delete the row '${row}' of mobilink_ha_applied, or finish by hand and set this row to ${recorded.slice(BEGUN.length)}`,
    };
  }
  if (recorded !== undefined) return { note: 'MobiLink is set up already' };
  switch (objects.kind) {
    case 'older':
      return {
        refusal: `the ml_ objects are those of a MobiLink before version ${objects.before} (${objects.sign}). Fix: back up the database, then run SAP's upgrade script for its version as this login (folder mobilink/upgrade of the installation, or SQL Central, "Check MobiLink System Setup"), and deploy again`,
      };
    case 'unknown':
      return {
        refusal: `there are ml_ objects, but not those of a whole set-up: ${objects.there}; missing: ${objects.missing}. Fix: finish or remove the set-up that was begun, or turn the set-up off if these are tables of your own beside a set-up that this login does not see`,
      };
    case 'complete':
      return {
        step: { kind: 'adopt', row, sum: ADOPTED },
        note: 'MobiLink was set up by somebody else: adopted as it is. Versions 16 and 17 look alike here; if it was made by 16, run SAP’s upgrade script',
      };
  }
}

function planScript<S extends ScriptId>(script: S, applied: ReadonlyMap<string, string>): Part<S> {
  const { name, version, sha256: sum } = script;
  const row = rowOf(script);
  const recorded = applied.get(row);
  if (recorded === sum) return {};
  if (recorded === begun(sum)) {
    return {
      refusal: `script ${name} ${version} was begun before and has not ended; what stood before its error is in the database. Fix: change the file so that it can go on from there, or apply the rest by hand and set its row '${row}' in mobilink_ha_applied to ${sum}`,
    };
  }
  if (recorded !== undefined && !recorded.startsWith(BEGUN)) {
    return {
      refusal: `script ${name} ${version} was applied as ${recorded} and reads ${sum} now; a script that was applied never changes. Fix: bring the file back, and put what is new into another version`,
    };
  }
  return { step: { kind: 'script', row, sum, script } };
}
