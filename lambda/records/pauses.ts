import * as v from 'valibot';

/** The partition of the registry that says what is paused besides single remotes; no group can have this name. */
export const PAUSES = '#paused';

/** The pause of everything. */
export const EVERYTHING = '*';

/** A pause of a group or of everything; `remoteName` says of which. It ends when the item is deleted, or says that it has. */
export const pauseSchema = v.object({ remoteName: v.string(), paused: v.boolean() });

export type Pause = v.InferOutput<typeof pauseSchema>;

/** Whether a group does not synchronize, by the items of the partition. */
export function isPaused(group: string, pauses: readonly Pause[]): boolean {
  return pauses.some(({ remoteName, paused }) => paused && (remoteName === group || remoteName === EVERYTHING));
}
