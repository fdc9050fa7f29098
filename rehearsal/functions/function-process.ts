import { type ChildProcess, fork } from 'node:child_process';
import type { Participant } from '../cloud/clock';
import type { Connection, FromProcess, ThrownError, ToProcess } from './protocol';

/** What a process asked for while it ran; taken in when every process waits. */
export type Asked = Extract<FromProcess, { type: 'resolve' | 'connect' | 'returned' | 'failed' }>;

export interface ProcessOptions {
  /** Unique in the rehearsal; part of the order of events. */
  readonly name: string;
  readonly bootstrap: string;
  /** The whole environment: nothing is inherited. */
  readonly environment: Record<string, string>;
  /** Real milliseconds without any progress after which the process is taken for a busy loop. */
  readonly watchdogMillis: number;
  onAsked(asked: Asked): void;
  onLog(at: number, text: string): void;
  onRefused(what: string): void;
  /** It was taken for a busy loop. */
  onHung(): void;
  /** Requests of this process that the wire holds. */
  openRequests(): string[];
}

type Waiting = Extract<FromProcess, { type: 'waiting' }>;

/** One execution environment of a function: an operating system process of its own, frozen between invocations. */
export class FunctionProcess implements Participant {
  public readonly name: string;
  private readonly child: ChildProcess;
  /** Names and connections that it asked for. */
  private readonly openQuestions = new Set<string>();
  private readonly ended: Promise<void>;
  private probes = 0;
  private answer?: (answer: Waiting | undefined) => void;
  private loadDone?: (error: ThrownError | undefined) => void;
  private dueAt: number | undefined;
  private state: 'alive' | 'hung' | 'dead' = 'alive';
  private stderr = '';
  private requestId = '';
  private killed = false;

  constructor(private readonly options: ProcessOptions) {
    this.name = options.name;
    this.child = fork(options.bootstrap, {
      env: options.environment,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    running.add(this.child);
    this.child.stderr?.setEncoding('utf8');
    this.child.stderr?.on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.on('message', (message: FromProcess) => this.receive(message));
    this.ended = new Promise((resolve) => {
      // Not 'exit': what the process wrote on its way out has been read only now.
      this.child.once('close', (code, signal) => {
        running.delete(this.child);
        this.state = 'dead';
        if (!this.killed) this.reportExit(code, signal);
        this.answer?.(undefined);
        resolve();
      });
    });
  }

  public get alive(): boolean {
    return this.state === 'alive';
  }

  /** Loads the bundle; the error that loading threw, if any. */
  public load(message: Omit<Extract<ToProcess, { type: 'load' }>, 'type'>): Promise<ThrownError | undefined> {
    if (!this.alive) return Promise.resolve(this.exitError('before it was loaded'));
    return new Promise((resolve) => {
      this.loadDone = (error) => {
        stopWatching();
        resolve(error);
      };
      const stopWatching = this.watch(() => {
        resolve({ name: 'Runtime.InitTimeout', message: 'Loading the module came to no end' });
      });
      this.send({ type: 'load', ...message });
    });
  }

  public invoke(message: Omit<Extract<ToProcess, { type: 'invoke' }>, 'type'>): void {
    this.requestId = message.requestId;
    if (this.alive) this.send({ type: 'invoke', ...message });
    else this.options.onAsked({ type: 'failed', requestId: this.requestId, error: this.exitError('while frozen') });
  }

  public resolved(sequence: string, addresses: string[] | undefined): void {
    this.openQuestions.delete(sequence);
    this.send({ type: 'resolved', sequence, addresses });
  }

  public connected(sequence: string, connection: Connection): void {
    this.openQuestions.delete(sequence);
    this.send({ type: 'connected', sequence, connection });
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
    const stopWatching = this.watch(() => this.answer?.(undefined));
    while (this.alive) {
      const answer = await this.probe();
      if (!answer) break;
      this.dueAt = answer.nextTimer;
      const held = [...this.options.openRequests(), ...this.openQuestions].sort();
      const agreed = held.length === answer.open.length && held.every((it, index) => it === answer.open[index]);
      if (agreed && !answer.busy) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    stopWatching();
  }

  /** As Lambda ends an environment: at once and without a word. */
  public async kill(): Promise<void> {
    this.killed = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** The process ended itself; what Node wrote before the bootstrap took its streams over says why. */
  private reportExit(code: number | null, signal: string | null): void {
    const written = this.stderr.trim();
    const error = this.exitError(`with ${signal ?? `exit status ${code}`}${written ? `: ${written}` : ''}`);
    this.loadDone?.(error);
    this.options.onAsked({ type: 'failed', requestId: this.requestId, error });
  }

  private exitError(how: string): ThrownError {
    return { name: 'Runtime.ExitError', message: `Runtime exited ${how}` };
  }

  /** What the process says of itself; undefined when it ended, or hangs. */
  private probe(): Promise<Waiting | undefined> {
    return new Promise((resolve) => {
      this.answer = resolve;
      this.send({ type: 'probe', number: ++this.probes });
    });
  }

  /** In ten steps, so that a machine that slept or a rehearsal that was stopped meanwhile counts as one. */
  private watch(onHung: () => void): () => void {
    let steps = 0;
    const timer = setInterval(() => {
      if (++steps < WATCHDOG_STEPS) return;
      if (this.alive) {
        this.state = 'hung';
        this.options.onHung();
      }
      onHung();
    }, this.options.watchdogMillis / WATCHDOG_STEPS);
    return () => clearInterval(timer);
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
      case 'connect':
        this.openQuestions.add(message.sequence);
        this.options.onAsked(message);
        break;
      case 'log':
        this.options.onLog(message.at, message.text);
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

const WATCHDOG_STEPS = 10;

/** A process in a busy loop does not see that the rehearsal has gone: the rehearsal takes all of them with it. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
