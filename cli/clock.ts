import type { AwsSettings } from './aws';

/** The time at AWS: ages that are counted with a wrong clock of this machine would be wrong too. */
export class Clock {
  private offset = 0;
  private heard = false;

  public now(): number {
    return Date.now() + this.offset;
  }

  /** Takes the time from an answer of AWS, once. */
  public hear(date: string | undefined): void {
    const told = date === undefined ? Number.NaN : Date.parse(date);
    if (this.heard || Number.isNaN(told)) return;
    this.heard = true;
    this.offset = told - Date.now();
  }
}

interface Answering {
  readonly middlewareStack: { add(middleware: unknown, options: { step: 'deserialize'; name: string }): void };
}

/** Makes a client whose answers set the clock. */
export function listening<C extends Answering>(
  create: (settings: AwsSettings) => C,
  settings: AwsSettings,
  clock: Clock,
): C {
  const client = create(settings);
  const middleware =
    (next: (args: unknown) => Promise<{ response?: { headers?: Record<string, string> } }>) =>
    async (args: unknown) => {
      const result = await next(args);
      clock.hear(result.response?.headers?.date);
      return result;
    };
  client.middlewareStack.add(middleware, { step: 'deserialize', name: 'timeOfAws' });
  return client;
}
