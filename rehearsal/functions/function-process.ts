import { type ChildProcess, fork } from 'node:child_process';
import type { Participant } from '../cloud/clock';
import type { FromProcess, ThrownError, ToProcess } from './protocol';

/** What a process asked for while it ran; taken in when every process waits. */
export type Asked = Extract<FromProcess, { type: 'resolve' | 'returned' | 'failed' }>;

export interface ProcessOptions {
  /** Unique in the rehearsal; part of the order of events. */
  readonly name: string;
  readonly bootstrap: string;
  /** The whole environment: nothing is inherited. */
  readonly environment: Record<string, string>;
  onAsked(asked: Asked): void;
  onLog(text: string): void;
  onRefused(what: string): void;
  /** Requests of this process that the wire holds. */
  openRequests(): string[];
}

/** Real seconds after which a process that answers nothing is taken for a busy loop. */
const WATCHDOG_MILLIS = 10_000;

/** One execution environment of a function: an operating system process of its own, frozen between invocations. */
export class FunctionProcess implements Participant {
  public readonly name: string;
  private readonly child: ChildProcess;
  private readonly openNames = new Set<string>();
  private readonly ended: Promise<void>;
  private probes = 0;
  private answer?: (answer: Extract<FromProcess, { type: 'waiting' }>) => void;
  private loadDone?: (error: ThrownError | undefined) => void;
  private dueAt: number | undefined;
  private state: 'alive' | 'hung' | 'dead' = 'alive';
  private stderr = '';
  private requestId = '';
  private killed = false;
  private wakeUp: () => void = () => {};

  constructor(private readonly options: ProcessOptions) {
    this.name = options.name;
    this.child = fork(options.bootstrap, {
      env: options.environment,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.setEncoding('utf8');
    this.child.stderr?.on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.on('message', (message: FromProcess) => this.receive(message));
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.state = 'dead';
        if (!this.killed) this.reportExit(code, signal);
        resolve();
        this.wakeUp();
      });
    });
  }

  public get alive(): boolean {
    return this.state === 'alive';
  }

  /** Loads the bundle; the error that loading threw, if any. */
  public load(message: Omit<Extract<ToProcess, { type: 'load' }>, 'type'>): Promise<ThrownError | undefined> {
    return new Promise((resolve) => {
      this.loadDone = resolve;
      this.send({ type: 'load', ...message });
    });
  }

  public invoke(message: Omit<Extract<ToProcess, { type: 'invoke' }>, 'type'>): void {
    this.requestId = message.requestId;
    this.send({ type: 'invoke', ...message });
  }

  public resolved(sequence: string, addresses: string[] | undefined): void {
    this.openNames.delete(sequence);
    this.send({ type: 'resolved', sequence, addresses });
  }

  public async advance(now: number): Promise<void> {
    this.dueAt = undefined;
    this.send({ type: 'advance', now });
  }

  public nextTimer(): number | undefined {
    return this.alive ? this.dueAt : undefined;
  }

  /** Both sides agree on which requests are open, and nothing of the real world is under way in the process. */
  public async settle(): Promise<void> {
    while (this.alive) {
      const answer = await this.probe();
      if (!answer) return;
      this.dueAt = answer.nextTimer;
      const held = [...this.options.openRequests(), ...this.openNames].sort();
      if (!answer.busy && held.length === answer.open.length && held.every((it, index) => it === answer.open[index]))
        return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** As Lambda ends an environment: at once and without a word. */
  public async kill(): Promise<void> {
    this.killed = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** The process ended itself; what Node wrote before the bootstrap took its streams over says why. */
  private reportExit(code: number | null, signal: string | null): void {
    const message = `Runtime exited with ${signal ?? `exit status ${code}`}${this.stderr ? `: ${this.stderr.trim()}` : ''}`;
    const error = { name: 'Runtime.ExitError', message };
    this.loadDone?.(error);
    this.options.onAsked({ type: 'failed', requestId: this.requestId, error });
  }

  private async probe(): Promise<Extract<FromProcess, { type: 'waiting' }> | undefined> {
    let watchdog: NodeJS.Timeout | undefined;
    const answered = new Promise<Extract<FromProcess, { type: 'waiting' }> | undefined>((resolve) => {
      this.answer = resolve;
      this.probes++;
      this.send({ type: 'probe', number: this.probes });
      watchdog = setTimeout(() => {
        this.state = 'hung';
        resolve(undefined);
      }, WATCHDOG_MILLIS);
      this.wakeUp = () => resolve(undefined);
    });
    const answer = await answered;
    clearTimeout(watchdog);
    return answer;
  }

  private receive(message: FromProcess): void {
    switch (message.type) {
      case 'loaded':
        this.loadDone?.(undefined);
        break;
      case 'load-failed':
        this.loadDone?.(message.error);
        break;
      case 'waiting':
        if (message.number === this.probes) this.answer?.(message);
        break;
      case 'resolve':
        this.openNames.add(message.sequence);
        this.options.onAsked(message);
        break;
      case 'log':
        this.options.onLog(message.text);
        break;
      case 'refused':
        this.options.onRefused(message.what);
        break;
      default:
        this.options.onAsked(message);
    }
  }

  private send(message: ToProcess): void {
    if (this.state !== 'dead' && this.child.connected) this.child.send(message, () => {});
  }
}
