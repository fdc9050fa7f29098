/** What a rotation needs of the world. */
export interface Ports {
  readonly secret: {
    /** The stages of each version that has one. */
    stages(id: string): Promise<ReadonlyMap<string, readonly string[]>>;
    /** The text of a version; undefined if it has none yet. */
    text(id: string, version: string): Promise<string | undefined>;
    current(id: string): Promise<string>;
    /** Stores the text of the pending version; storing the same again changes nothing. */
    putPending(id: string, version: string, text: string): Promise<void>;
  };
  /** Has the task set the pending password, prove it and make it current. */
  setPassword(): Promise<void>;
  newPassword(): string;
  told(message: string, detail: Record<string, unknown>): void;
}
