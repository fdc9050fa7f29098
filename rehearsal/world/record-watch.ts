import type { World } from './world';

/** The primary record at one moment, as it stands in the table. */
export interface RecordedState {
  readonly at: number;
  readonly epoch: number;
  readonly state: string;
  /** Empty where the source does not tell it. */
  readonly zone: string;
  /** Of a pair, the name of the server. */
  readonly memberId: string;
  readonly addresses: readonly string[];
  readonly announcedEpoch: number;
  readonly observedAt: number;
  readonly cause: string;
}

/** Reads the primary record from the table after each write, the way consumers do. */
export class RecordWatch {
  public readonly states: RecordedState[] = [];
  public onChanged: (state: RecordedState) => void = () => {};

  constructor(private readonly world: World) {
    world.wire.onAnswered = async ({ service, operation, status }) => {
      if (service === 'dynamodb' && status === 200 && /^(Put|Update)Item$/.test(operation)) await this.read();
    };
  }

  public get last(): RecordedState | undefined {
    return this.states.at(-1);
  }

  /** The first state from a moment on that satisfies a condition. */
  public first(from: number, holds: (state: RecordedState) => boolean): RecordedState | undefined {
    return this.states.find((state) => state.at >= from && holds(state));
  }

  private async read(): Promise<void> {
    const { table, databaseId } = this.world.tracker ?? {};
    if (table === undefined || !this.world.dynamoDb.has(table)) return;
    const items = await this.world.dynamoDb.items(table);
    const item = items.find((it) => it.databaseId?.S === databaseId);
    if (!item) return;
    const primary = (item.primary?.M ?? {}) as Record<string, { S?: string; L?: { S?: string }[] }>;
    const state: RecordedState = {
      at: this.world.clock.now(),
      epoch: Number(item.epoch?.N),
      state: String(item.state?.S),
      zone: primary.availabilityZone?.S ?? '',
      memberId: String(primary.memberId?.S),
      addresses: (primary.addresses?.L ?? []).map(({ S }) => String(S)),
      announcedEpoch: Number(item.announcedEpoch?.N),
      observedAt: Date.parse(String(item.observedAt?.S)),
      cause: String(item.cause?.S),
    };
    const before = this.last;
    this.states.push(state);
    if (!before || before.epoch !== state.epoch || before.state !== state.state) this.onChanged(state);
  }
}
