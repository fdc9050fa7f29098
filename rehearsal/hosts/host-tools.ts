/** What the database of a host is in its remote's pair. `absent`: it does not answer. */
export type Role = 'primary' | 'mirror' | 'absent';

export interface Installation {
  /** `<group>/<remoteName>`. */
  readonly remote: string;
  /** False for a remote with one host, whose database has no role of its own. */
  readonly mirrored: boolean;
  /** The program that is put in dbmlsync's place, given the file of the stand-in that it shall run. */
  dbmlsync(standIn: string): string;
}

/** The programs and the configuration that a host has, as executables that stand in for SAP's. */
export interface HostTools {
  /** Puts them into the host's folder; returns the environment that the agent's scripts need to find them. */
  install(folder: string, installation: Installation): Record<string, string>;
  /** Lets the database of the host be so. */
  tell(folder: string, role: Role, mirrored: boolean): void;
  /** What the stand-ins found wrong in how they were used. */
  complaints(folder: string): string[];
}
