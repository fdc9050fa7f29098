import { type Duration, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** One broken rule, worded for the person who has to mend it. */
export interface Problem {
  /** Stable and public: users search for it and tests compare it. For example `MobiLink:Farm:ConnectionBudget`. */
  readonly id: string;
  /** The prop or props that break the rule. */
  readonly prop: string;
  /** What must hold. */
  readonly rule: string;
  /** What was given. */
  readonly value: unknown;
  /** What to do about it. */
  readonly fix: string;
}

function word(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

/** The one wording of all messages. */
export function wordProblem(problem: Problem): string {
  return `[${problem.id}] ${problem.prop}: ${problem.rule}, got ${word(problem.value)}. Fix: ${problem.fix}`;
}

/** Collects the broken rules of one construct, so that its user mends all of them at once. */
export class Problems {
  private readonly found: Problem[] = [];

  constructor(private readonly scope: IConstruct) {}

  /** Notes the problem unless the rule holds. */
  public require(holds: boolean, problem: Problem): void {
    if (!holds) this.found.push(problem);
  }

  /** The messages so far: what `node.addValidation` wants. */
  public messages(): string[] {
    return this.found.map(wordProblem);
  }

  /** Throws one error that lists everything; does nothing when every rule held. */
  public throwIfAny(): void {
    if (this.found.length === 0) return;
    const one = this.found.length === 1;
    const lines = this.messages().map((message) => `  - ${message}`);
    throw new Error(
      `${this.scope.constructor.name} '${this.scope.node.path}' has ${one ? 'a problem' : `${this.found.length} problems`}:\n${lines.join('\n')}`,
    );
  }
}

/** The value if it is known at synth; undefined for a token, which only CloudFormation can know and no rule may judge. */
export function known<T>(value: T | undefined): T | undefined {
  return value === undefined || Token.isUnresolved(value) ? undefined : value;
}

/** Seconds of a duration that is known at synth. */
export function knownSeconds(duration: Duration | undefined): number | undefined {
  return duration === undefined || duration.isUnresolved() ? undefined : duration.toSeconds({ integral: false });
}
