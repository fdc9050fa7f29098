import type { HostScript } from './ssm-document';

/** How a script came to its end on a host. */
export interface ScriptEnd {
  /** As the shell tells it: 128 and the signal's number for a script that died of one. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NodeCommand {
  readonly commandId: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly script: HostScript;
}

/** A script at work on a host. */
export interface RunningScript {
  /** Ends it as the agent does: SIGKILL to the process group of its shell. What it had written is told. */
  kill(): Promise<ScriptEnd>;
}

/** A host as Systems Manager sees it: its agent. */
export interface ManagedNode {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  /** False: Systems Manager has never heard of it, or it is terminated. */
  readonly registered: boolean;
  readonly online: boolean;
  /** Calls back once, at the moment at which the agent is connected again. */
  whenOnline(action: () => void | Promise<void>): void;
  /** A command for this host was accepted, or came to its end, as Systems Manager sees it. */
  accepted(command: NodeCommand): void;
  closed(command: NodeCommand): void;
  /** The agent runs a script; `ended` is called at the moment of virtual time at which it ends by itself. */
  start(command: NodeCommand, ended: (end: ScriptEnd) => void): Promise<RunningScript>;
}
