import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AutoScaling, type ScalingGroup } from '../../rehearsal/cloud/autoscaling';
import { ServiceError } from '../../rehearsal/cloud/service';
import {
  operationName,
  operationSchema,
  readInput,
  writeError,
  writeOutput,
} from '../../rehearsal/cloud/wire-protocol';

/** The stand-in of EC2 Auto Scaling on a loopback port, in real time. */
export class LoopbackScaling {
  public readonly service = new AutoScaling([], { now: () => Date.now() });
  /** The inputs of the calls, in order. */
  public readonly asked: Readonly<Record<string, unknown>>[] = [];
  /** How the next calls go wrong. */
  public readonly refusals: ServiceError[] = [];

  private constructor(private readonly server: Server) {}

  public static async start(): Promise<LoopbackScaling> {
    const server = createServer();
    const loopback = new LoopbackScaling(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const { status, headers, body } = await loopback.answer(Buffer.concat(chunks).toString());
        response.writeHead(status, headers).end(body);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return loopback;
  }

  public get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Groups with these instances, the ids by their states. */
  public hold(groups: Readonly<Record<string, Readonly<Record<string, string>>>>): void {
    this.service.groups.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...Object.entries(groups).map(([name, states]) => scalingGroup(name, states)),
    );
  }

  public reset(): void {
    this.service.groups.length = 0;
    this.service.longestPage = Number.POSITIVE_INFINITY;
    this.asked.length = 0;
    this.refusals.length = 0;
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(body: string) {
    const { standIn } = this.service;
    try {
      const request = { method: 'POST', url: '/', headers: {}, body };
      const operation = operationName(standIn, request);
      const schema = operationSchema(standIn, operation);
      const input = await readInput(standIn, schema.input, operation, request);
      this.asked.push(input);
      const refusal = this.refusals.shift();
      if (refusal) throw refusal;
      const caller = { functionName: 'register-remote', roleArn: 'role', process: 'test' };
      const output = await standIn.operations[operation]?.answer({ service: 'autoscaling', operation, input, caller });
      if (!output) throw new ServiceError('UnknownOperation', operation, 501);
      return writeOutput(standIn, operation, schema.output, output);
    } catch (error) {
      if (error instanceof ServiceError) return writeError('aws-query', error);
      throw error;
    }
  }
}

function scalingGroup(name: string, states: Readonly<Record<string, string>>): ScalingGroup {
  return {
    name,
    arn: `arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:1:autoScalingGroupName/${name}`,
    minSize: 0,
    maxSize: 1,
    desiredCapacity: 1,
    availabilityZones: ['eu-central-1a'],
    createdAt: Date.UTC(2026, 0, 5),
    tags: {},
    instances: Object.entries(states).map(([instanceId, lifecycleState]) => ({
      instanceId,
      lifecycleState,
      availabilityZone: 'eu-central-1a',
      instanceType: 'm7i.large',
    })),
  };
}
