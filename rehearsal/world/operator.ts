import { spawn } from 'node:child_process';
import * as path from 'node:path';
import type { Deployment } from '../assembly/deployment';
import { OperatorDoor } from '../cloud/operator-door';
import { operatorServices, type ServiceView } from '../cloud/operator-services';
import { describeSchedules } from './descriptions';
import type { World } from './world';

/** The command as the package brings it. */
const COMMAND = path.join(__dirname, '..', '..', 'assets', 'cli', 'index.js');

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whoever looks after the deployed system, at a terminal in real time. */
export class Operator {
  /** The stack that names the system's parts. */
  public readonly stack: string;
  private readonly door: Promise<OperatorDoor>;

  constructor(world: World, deployment: Deployment) {
    const parameters = new Map(
      deployment.ofType('AWS::SSM::Parameter').map((it) => [it.physicalId, String(it.properties.Value)]),
    );
    const directory = deployment.outputs.find(
      ({ description, value }) => description?.startsWith('mobilink-ha:') && parameters.has(value),
    );
    this.stack = directory?.stackName ?? '';
    const schedules = new Map(describeSchedules(deployment).map(({ name, enabled }) => [name, enabled]));
    const services = new Map(deployment.ofType('AWS::ECS::Service').map((it) => [it.physicalId.split('/').at(-1), it]));
    const view = operatorServices({
      outputs: deployment.outputs,
      parameters,
      service: (name) => viewOf(services.get(name.split('/').at(-1) ?? name)?.properties),
      ping: (host) => world.ssm.pingOf(host),
      schedule: (name) => schedules.get(name),
    });
    const now = () => world.clock.now();
    this.door = OperatorDoor.open([...view, world.dynamoDb, world.queues.sqs.standIn], now);
    world.onDispose.push(async () => (await this.door).close());
  }

  /** What a terminal needs to look at this system. */
  public async environment(): Promise<Readonly<Record<string, string>>> {
    return { ...(await this.door).environment, MOBILINK_HA_STACK: this.stack };
  }

  /** Runs `npx mobilink-ha` with these words. */
  public async call(...words: string[]): Promise<CommandEnd> {
    const child = spawn(process.execPath, [COMMAND, ...words], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...(await this.environment()) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => {
      stdout += text;
    });
    child.stderr.on('data', (text: Buffer) => {
      stderr += text;
    });
    const code = await new Promise<number | null>((done) => child.once('close', done));
    return { code, stdout, stderr };
  }
}

/** As many run as are wanted: the rehearsal's servers do not end by themselves. */
function viewOf(service: Readonly<Record<string, unknown>> | undefined): ServiceView | undefined {
  if (!service) return undefined;
  const desired = Number(service.DesiredCount ?? 2);
  return { desired, running: desired, pending: 0, rollout: 'COMPLETED' };
}
