import { known, type Problems } from '../validation/problems';

/** What mlsrv17 logs for a while, and why. */
export interface SupportVerbosityOptions {
  /** Letters of `-v`, or `+` for all of them. */
  readonly letters: string;

  /** Who needs it, and what for. Stands in the template, and so in its history. */
  readonly reason: string;

  /**
   * Until when, as in `2026-11-24T18:00:00Z`. A server that starts later logs as usual; one that runs goes on until it is replaced, so
   * deploy again when you have what you need.
   */
  readonly until: string;
}

/** Letters that put the contents of rows into the log (`r`, `i`, `q`, `+`), or what each empty connection of a load balancer says (`f`). */
const REVEALING = /[+riqf]/;

/** How much mlsrv17 logs (`-v`). */
export class ServerVerbosity {
  /** How long the phases of each sync took, and how many rows went (`-vmn`). */
  public static usual(): ServerVerbosity {
    return new ServerVerbosity();
  }

  /** Other letters of `-v`; those that reveal the contents of rows are refused. */
  public static letters(letters: string): ServerVerbosity {
    return new ServerVerbosity(letters);
  }

  /** For a while as much as somebody needs to find a fault, the contents of rows included: the log then holds your data. */
  public static forSupport(options: SupportVerbosityOptions): ServerVerbosity {
    return new ServerVerbosity(options.letters, options);
  }

  private constructor(
    private readonly chosen?: string,
    private readonly support?: SupportVerbosityOptions,
  ) {}

  /**
   * What the supervisor is told of it.
   * @internal
   */
  public _environment(): { [name: string]: string } {
    return {
      ...(this.chosen !== undefined && { MOBILINK_VERBOSITY: this.chosen }),
      ...(this.support && {
        MOBILINK_VERBOSITY_UNTIL: this.support.until,
        MOBILINK_VERBOSITY_REASON: this.support.reason,
      }),
    };
  }

  /**
   * Notes what is wrong with it. No clock decides at synth: the form of the end is checked, not whether it is over.
   * @internal
   */
  public _validate(problems: Problems): void {
    const letters = known(this.chosen);
    problems.require(letters === undefined || /^[a-z+]{1,26}$/.test(letters), {
      id: 'MobiLink:Farm:Verbosity',
      prop: 'verbosity',
      rule: 'must be 1 to 26 small letters of -v, or +',
      value: letters,
      fix: "give the letters alone, as in ServerVerbosity.letters('mnu')",
    });
    if (!this.support) {
      problems.require(letters === undefined || !REVEALING.test(letters), {
        id: 'MobiLink:Farm:VerbosityReveals',
        prop: 'verbosity',
        rule: 'must hold none of + r i q f, which put the contents of rows or the noise of health checks into the log',
        value: letters,
        fix: 'use ServerVerbosity.forSupport with a reason and an end',
      });
      return;
    }
    const reason = known(this.support.reason);
    problems.require(reason === undefined || reason.trim() !== '', {
      id: 'MobiLink:Farm:Reason',
      prop: 'verbosity.reason',
      rule: 'must say why',
      value: reason,
      fix: 'write who needs it and what for',
    });
    const until = known(this.support.until);
    problems.require(until === undefined || isInstant(until), {
      id: 'MobiLink:Farm:VerbosityUntil',
      prop: 'verbosity.until',
      rule: 'must be an instant with its offset from UTC',
      value: until,
      fix: 'write it as in 2026-11-24T18:00:00Z',
    });
  }
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}
