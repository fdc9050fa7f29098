/** One thing that the design promises, and whether it happened. */
export interface Check {
  readonly promise: string;
  readonly held: boolean;
  /** What was seen. */
  readonly seen: string;
}

/** One figure of one scenario; `lag` figures are collected over runs. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'count';
}

/** Collects what a scenario promises and what it measures. */
export class Checks {
  public readonly checks: Check[] = [];
  public readonly measures: Measure[] = [];

  public promise(promise: string, held: boolean, seen: string): void {
    this.checks.push({ promise, held, seen });
  }

  public measure(name: string, value: number | undefined, unit: Measure['unit']): void {
    if (value !== undefined) this.measures.push({ name, value, unit });
  }

  public get broken(): Check[] {
    return this.checks.filter((check) => !check.held);
  }
}
