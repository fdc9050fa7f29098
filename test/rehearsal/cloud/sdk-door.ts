import type { MiddlewareStack } from '@smithy/types';
import { Chance } from '../../../rehearsal/cloud/chance';
import { Clock } from '../../../rehearsal/cloud/clock';
import { Latencies } from '../../../rehearsal/cloud/latencies';
import type { Permission, RawServiceStandIn, ServiceStandIn } from '../../../rehearsal/cloud/service';
import { Wire } from '../../../rehearsal/cloud/wire';
import { SEQUENCE_HEADER } from '../../../rehearsal/functions/protocol';
import { ACCOUNT, REGION } from './database';

const ACCESS_KEY = 'ASIA0000000000000000';

/** A wire for the real SDK clients of a test, in the test's own process. */
export class SdkDoor {
  public readonly clock = new Clock(Date.UTC(2026, 0, 5, 9, 0, 0));
  public readonly asked: Permission[] = [];
  /** The action that is denied. */
  public denied?: string;
  private readonly wire: Wire;
  private requests = 0;

  constructor() {
    this.wire = new Wire(this.clock, new Latencies(new Chance('door')), (_, permission) => {
      this.asked.push(permission);
      return { allowed: permission.action !== this.denied, message: `not authorized: ${permission.resource}` };
    });
    const caller = { functionName: 'test', roleArn: `arn:aws:iam::${ACCOUNT}:role/test`, process: 'test#0' };
    this.wire.addCaller(ACCESS_KEY, caller, { region: REGION, deliver: (delivery) => delivery() });
  }

  public async open(...services: (ServiceStandIn | RawServiceStandIn)[]): Promise<void> {
    for (const service of services) this.wire.add(service);
    await this.wire.listen();
  }

  public close(): Promise<void> {
    return this.wire.close();
  }

  /** What a client needs to find the door. */
  public get settings() {
    return {
      endpoint: `http://127.0.0.1:${this.wire.port}`,
      region: REGION,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: 'secret' },
      maxAttempts: 1,
    };
  }

  /** Numbers the requests of a client, which a function's process does below the SDK. */
  public number<Input extends object, Output extends object>(stack: MiddlewareStack<Input, Output>): void {
    stack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers[SEQUENCE_HEADER] = `test-${this.requests++}`;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
  }

  /** Lets virtual time pass until the call is answered. */
  public async answer<Output>(call: Promise<Output>): Promise<Output> {
    let open = true;
    const done = () => {
      open = false;
    };
    call.then(done, done);
    while (open) await this.clock.run(10);
    return call;
  }
}
