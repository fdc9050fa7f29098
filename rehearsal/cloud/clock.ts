/**
 * The one clock of a rehearsal. It is virtual: it moves only when every participant waits, and then to the earliest moment at
 * which anything is due. So a minute of waiting costs nothing, and what happens in which order does not depend on the machine.
 */

/** Something with a life of its own that the clock must wait for: the process of a function while it is invoked. */
export interface Participant {
  /** Orders participants, so that what they do at one moment has one order. */
  readonly name: string;
  /** Resolves when nothing more will happen in it at this moment of virtual time. */
  settle(): Promise<void>;
  /** When its next timer is due; undefined when it has none. */
  nextTimer(): number | undefined;
  /** Sets its clock and fires what is due. */
  advance(now: number): Promise<void>;
}

/** Takes in what participants asked for while they ran, in one order, once all of them wait. True if there was anything. */
export type Intake = () => boolean | Promise<boolean>;

export interface Scheduled {
  cancel(): void;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly what: string;
  readonly action: () => void | Promise<void>;
}

export class Clock {
  private readonly queue: Entry[] = [];
  private readonly participants = new Map<string, Participant>();
  private readonly intakes: Intake[] = [];
  private order = 0;
  private time: number;

  constructor(start: number) {
    this.time = start;
  }

  public now(): number {
    return this.time;
  }

  /** Does something at a moment; what is due at the same moment is done in the order in which it was asked for. */
  public at(time: number, what: string, action: Entry['action']): Scheduled {
    const entry = { time: Math.max(time, this.time), order: this.order++, what, action };
    let index = this.queue.length;
    while (index > 0 && this.isAfter(this.queue[index - 1], entry)) index--;
    this.queue.splice(index, 0, entry);
    return {
      cancel: () => {
        const found = this.queue.indexOf(entry);
        if (found >= 0) this.queue.splice(found, 1);
      },
    };
  }

  public after(millis: number, what: string, action: Entry['action']): Scheduled {
    return this.at(this.time + millis, what, action);
  }

  public join(participant: Participant): void {
    this.participants.set(participant.name, participant);
  }

  public leave(participant: Participant): void {
    this.participants.delete(participant.name);
  }

  public addIntake(intake: Intake): void {
    this.intakes.push(intake);
  }

  /** Lets the world go on until a moment. */
  public async runUntil(end: number): Promise<void> {
    await this.settle();
    for (let next = this.nextMoment(); next !== undefined && next <= end; next = this.nextMoment()) {
      await this.moveTo(next);
      await this.settle();
      await this.doWhatIsDue();
    }
    await this.moveTo(end);
  }

  public async run(millis: number): Promise<void> {
    await this.runUntil(this.time + millis);
  }

  private async doWhatIsDue(): Promise<void> {
    for (let entry = this.queue[0]; entry && entry.time <= this.time; entry = this.queue[0]) {
      this.queue.shift();
      await entry.action();
      await this.settle();
    }
  }

  private async moveTo(time: number): Promise<void> {
    if (time > this.time) this.time = time;
    for (const participant of this.inOrder()) await participant.advance(this.time);
  }

  private async settle(): Promise<void> {
    for (let busy = true; busy; ) {
      for (const participant of this.inOrder()) await participant.settle();
      busy = false;
      for (const intake of this.intakes) busy = (await intake()) || busy;
      // One real turn of the event loop: every promise chain that the above set off has run to its end.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private nextMoment(): number | undefined {
    const timers = this.inOrder().map((participant) => participant.nextTimer());
    const moments = [this.queue[0]?.time, ...timers].filter((moment) => moment !== undefined);
    return moments.length === 0 ? undefined : Math.max(this.time, Math.min(...moments));
  }

  private inOrder(): Participant[] {
    return [...this.participants.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private isAfter(one: Entry | undefined, other: Entry): boolean {
    return one !== undefined && (one.time > other.time || (one.time === other.time && one.order > other.order));
  }
}
