import type { Effect } from './effect';
import type { State } from './state';

/** What follows from an observation: the state from now on, and what is to be done. */
export interface Decision {
  readonly state: State;
  readonly effects: readonly Effect[];
}
