import * as client from '@aws-sdk/client-secrets-manager';
import { type Call, ServiceError, type ServiceStandIn } from './service';

/** What a version of a secret holds: text or bytes. */
export type SecretContent = string | Uint8Array;

interface Version {
  readonly id: string;
  /** Undefined while a rotation has not made it up yet. */
  content?: SecretContent;
  readonly createdAt: number;
  readonly stages: Set<string>;
}

interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly versions: Version[];
  isDeleted: boolean;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
const PENDING = 'AWSPENDING';

/** Secrets and their versions, as far as those who read them see. */
export class SecretsManager {
  public readonly standIn: ServiceStandIn;
  private readonly secrets: Secret[] = [];
  private readonly begun: number;
  private versions = 0;

  /** @param foreign whether secrets that nobody has stored here belong to somebody else, and are there since the beginning. */
  constructor(
    private readonly clock: { now(): number },
    private readonly foreign: 'there' | 'missing' = 'missing',
  ) {
    this.begun = clock.now();
    this.standIn = {
      kind: 'by-schema',
      signingName: 'secretsmanager',
      client,
      protocol: 'aws-json-1.1',
      operations: {
        GetSecretValue: this.operation('GetSecretValue', (call) => this.getSecretValue(call)),
        DescribeSecret: this.operation('DescribeSecret', ({ input }) => this.describeSecret(input.SecretId)),
        PutSecretValue: this.operation('PutSecretValue', (call) => this.putSecretValue(call)),
        UpdateSecretVersionStage: this.operation('UpdateSecretVersionStage', (call) => this.updateStage(call)),
      },
    };
  }

  /** Stores a secret, or a new version of it that becomes the current one; returns the id of the version. */
  public put(arn: string, content: SecretContent, createdAt = this.clock.now()): string {
    const secret = this.known(arn) ?? this.create(arn);
    const id = this.newId();
    secret.versions.push({ id, content, createdAt, stages: new Set() });
    this.promote(arn, id);
    return id;
  }

  /** Begins a rotation; returns the id of its version, which has no content yet. */
  public beginRotation(arn: string): string {
    const { versions } = this.known(arn) ?? this.create(arn);
    for (const { stages } of versions) stages.delete(PENDING);
    const id = this.newId();
    versions.push({ id, createdAt: this.clock.now(), stages: new Set([PENDING]) });
    return id;
  }

  /** The text that everybody is given who asks for the secret. */
  public current(arn: string): string | undefined {
    const content = this.known(arn)?.versions.find(({ stages }) => stages.has(CURRENT))?.content;
    return typeof content === 'string' ? content : undefined;
  }

  /** The id of the version that has a stage. */
  public versionOf(arn: string, stage: string): string | undefined {
    return this.known(arn)?.versions.find(({ stages }) => stages.has(stage))?.id;
  }

  /** As `UpdateSecretVersionStage` of AWSCURRENT: the version that had it keeps AWSPREVIOUS. */
  public promote(arn: string, id: string): void {
    const versions = this.known(arn)?.versions ?? [];
    for (const { stages } of versions) stages.delete(PREVIOUS);
    const before = versions.find(({ stages }) => stages.delete(CURRENT));
    before?.stages.add(PREVIOUS);
    versions.find((it) => it.id === id)?.stages.add(CURRENT);
  }

  /** Schedules the secret for deletion, from when on it cannot be read. */
  public delete(arn: string): void {
    const secret = this.known(arn);
    if (secret) secret.isDeleted = true;
  }

  private operation(name: string, answer: (call: Call) => Record<string, unknown>) {
    return {
      permissions: ({ input }: Call) => [
        { action: `secretsmanager:${name}`, resource: this.find(input.SecretId)?.arn ?? String(input.SecretId) },
      ],
      answer,
    };
  }

  private newId(): string {
    return `00000000-0000-4000-8000-${String(++this.versions).padStart(12, '0')}`;
  }

  private create(arn: string): Secret {
    const [, name = arn] = /:secret:(.+)-[A-Za-z0-9]{6}$/.exec(arn) ?? [];
    const secret = { arn, name, versions: [], isDeleted: false };
    this.secrets.push(secret);
    return secret;
  }

  /** By ARN, ARN without its random end, or name. */
  private find(id: unknown): Secret | undefined {
    const known = this.known(id);
    if (known || this.foreign === 'missing' || typeof id !== 'string') return known;
    this.put(/-[A-Za-z0-9]{6}$/.test(id) ? id : `${id}-AbCdEf`, 'of somebody else', this.begun);
    return this.known(id);
  }

  private known(id: unknown): Secret | undefined {
    return this.secrets.find(({ arn, name }) => id === arn || id === arn.slice(0, -'-abcdef'.length) || id === name);
  }

  private required(id: unknown): Secret {
    const secret = this.find(id);
    if (secret) return secret;
    throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }

  private putSecretValue({ input }: Call): Record<string, unknown> {
    const secret = this.required(input.SecretId);
    const id = String(input.ClientRequestToken ?? this.newId());
    const content = String(input.SecretString);
    const there = secret.versions.find((it) => it.id === id);
    if (there?.content !== undefined && there.content !== content) {
      throw new ServiceError('ResourceExistsException', 'The version exists with another content.');
    }
    const version = there ?? { id, createdAt: this.clock.now(), stages: new Set<string>() };
    if (!there) secret.versions.push(version);
    version.content = content;
    for (const stage of (input.VersionStages as string[] | undefined) ?? [CURRENT]) {
      if (stage === CURRENT) this.promote(secret.arn, id);
      else for (const it of secret.versions) it.stages[it === version ? 'add' : 'delete'](stage);
    }
    return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [...version.stages] };
  }

  private updateStage({ input }: Call): Record<string, unknown> {
    const { arn, name, versions } = this.required(input.SecretId);
    const stage = String(input.VersionStage);
    const holder = versions.find(({ stages }) => stages.has(stage));
    // Whoever moves a label must say whom it takes it from (API reference of UpdateSecretVersionStage).
    if (holder !== undefined && holder.id !== input.RemoveFromVersionId) {
      throw new ServiceError('InvalidParameterException', `The staging label ${stage} is attached to ${holder.id}.`);
    }
    const to = versions.find(({ id }) => id === input.MoveToVersionId);
    if (stage === CURRENT && to) this.promote(arn, to.id);
    else {
      holder?.stages.delete(stage);
      to?.stages.add(stage);
    }
    return { ARN: arn, Name: name };
  }

  private describeSecret(id: unknown): Record<string, unknown> {
    const secret = this.required(id);
    const { arn, name, versions } = secret;
    const [first] = versions;
    return {
      ARN: arn,
      Name: name,
      CreatedDate: first && new Date(first.createdAt),
      LastChangedDate: new Date(Math.max(...versions.map(({ createdAt }) => createdAt))),
      VersionIdsToStages: Object.fromEntries(versions.map(({ id, stages }) => [id, [...stages]])),
    };
  }

  private getSecretValue({ input }: Call): Record<string, unknown> {
    const secret = this.required(input.SecretId);
    if (secret.isDeleted) {
      throw new ServiceError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    const stage = String(input.VersionStage ?? CURRENT);
    const version = secret.versions.find(({ id, stages }) =>
      input.VersionId === undefined ? stages.has(stage) : id === input.VersionId,
    );
    if (version?.content === undefined) {
      const wanted = input.VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${input.VersionId}`;
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${wanted}`,
      );
    }
    const { content } = version;
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      ...(typeof content === 'string' ? { SecretString: content } : { SecretBinary: content }),
      VersionStages: [...version.stages],
      CreatedDate: new Date(version.createdAt),
    };
  }
}
