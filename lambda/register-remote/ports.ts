import type { Change, Item, ScalingGroup } from './core';
import type { RemoteId } from './registration';

/** What register-remote needs of the world. Every call may fail or leave open whether it took effect. */
export interface Ports {
  readonly registry: Registry;
  readonly groups: {
    /** Those of the groups that there are. */
    describe(names: readonly string[]): Promise<ScalingGroup[]>;
  };
  told(message: string, detail: Record<string, unknown>): void;
  sleep(millis: number): Promise<void>;
  /** Milliseconds until the invocation is ended from outside. */
  remaining(): number;
}

export interface Registry {
  read(remote: RemoteId): Promise<Item | undefined>;
  /** False when the item is not any more as it was read. */
  write(remote: RemoteId, asRead: Item | undefined, change: Change): Promise<boolean>;
  /** Nothing happens to an item that is not there, or that another resource has registered since. */
  remove(remote: RemoteId, registeredBy: string): Promise<void>;
}
