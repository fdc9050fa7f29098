/** What the command's exit code says; docs/cli.md has the same table. */
export const EXIT = {
  /** Done, and nothing found. */
  well: 0,
  /** Something was found: a stale remote, a broken part, a row that was left out. */
  finding: 1,
  /** Wrong words on the command line, or a system that is not there. */
  usage: 2,
  /** AWS refuses, or cannot be reached. */
  aws: 3,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

/** Ends the command with a message for its user and no stack. */
export class CommandError extends Error {
  public override readonly name = 'CommandError';

  constructor(
    message: string,
    public readonly exitCode: number = EXIT.usage,
  ) {
    super(message);
  }
}
