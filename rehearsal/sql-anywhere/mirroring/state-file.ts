import type { MirrorMode, MirrorState, StoredState } from './messages';

/** In the form of an ini file, one section a database (facts §4.4 [M16]); how SAP spells the lines is UNSOURCED. */
export function writeStates(states: ReadonlyMap<string, StoredState>): string {
  return [...states]
    .map(([database, { owner, state, mode, sequence }]) =>
      [`[${database}]`, `Owner=${owner}`, `State=${state}`, `Mode=${mode}`, `Sequence=${sequence}`, ''].join('\n'),
    )
    .join('');
}

/** Throws on what no server wrote: nobody may edit these files. */
export function readStates(text: string): Map<string, StoredState> {
  const states = new Map<string, StoredState>();
  const sections = /\[([^\]\n]+)\]\nOwner=([^\n]+)\nState=([^\n]+)\nMode=([^\n]+)\nSequence=(\d+)\n/y;
  while (sections.lastIndex < text.length) {
    const from = sections.lastIndex;
    const found = sections.exec(text);
    if (!found) throw new Error(`not a state file: ${JSON.stringify(text.slice(from, from + 40))}`);
    const [, database = '', owner = '', state, mode, sequence] = found;
    if (!isState(state) || !isMode(mode)) throw new Error(`not a state file: State=${state}, Mode=${mode}`);
    states.set(database, { owner, state, mode, sequence: Number(sequence) });
  }
  return states;
}

function isState(word: string | undefined): word is MirrorState {
  return word === 'synchronizing' || word === 'synchronized';
}

function isMode(word: string | undefined): word is MirrorMode {
  return word === 'synchronous' || word === 'asynchronous';
}
