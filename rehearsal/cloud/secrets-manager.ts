import * as client from '@aws-sdk/client-secrets-manager';
import { type Call, ServiceError, type ServiceStandIn } from './service';

/** What a version of a secret holds: text or bytes. */
export type SecretContent = string | Uint8Array;

interface Version {
  readonly id: string;
  readonly content: SecretContent;
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
        GetSecretValue: {
          permissions: ({ input }) => [
            {
              action: 'secretsmanager:GetSecretValue',
              resource: this.find(input.SecretId)?.arn ?? String(input.SecretId),
            },
          ],
          answer: (call) => this.getSecretValue(call),
        },
        DescribeSecret: {
          permissions: ({ input }) => [
            {
              action: 'secretsmanager:DescribeSecret',
              resource: this.find(input.SecretId)?.arn ?? String(input.SecretId),
            },
          ],
          answer: ({ input }) => this.describeSecret(input.SecretId),
        },
      },
    };
  }

  /** Stores a secret, or a new version of it that becomes the current one; returns the id of the version. */
  public put(arn: string, content: SecretContent, createdAt = this.clock.now()): string {
    const secret = this.known(arn) ?? this.create(arn);
    for (const { stages } of secret.versions) stages.delete(PREVIOUS);
    const current = secret.versions.find(({ stages }) => stages.delete(CURRENT));
    current?.stages.add(PREVIOUS);
    const id = `00000000-0000-4000-8000-${String(++this.versions).padStart(12, '0')}`;
    secret.versions.push({ id, content, createdAt, stages: new Set([CURRENT]) });
    return id;
  }

  /** Schedules the secret for deletion, from when on it cannot be read. */
  public delete(arn: string): void {
    const secret = this.known(arn);
    if (secret) secret.isDeleted = true;
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

  private describeSecret(id: unknown): Record<string, unknown> {
    const secret = this.find(id);
    if (!secret) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
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
    const secret = this.find(input.SecretId);
    if (!secret) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
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
    if (!version) {
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
