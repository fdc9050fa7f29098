import type * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { known, type Problems } from '../validation/problems';
import { acknowledgeRotation } from './rds-findings';

const ADMINISTRATOR = 'admin';

/** What is given up with a password that RDS manages. */
export interface ManagedMasterLoginOptions {
  /**
   * Why nobody will want to change this database by a blue/green deployment, the way to a new version with the least downtime: RDS has
   * none for a database whose master password it manages.
   *
   * @default - none: an instance of MySQL is refused; Multi-AZ DB clusters and other products have no blue/green deployments to give up
   */
  readonly withoutBlueGreenReason?: string;
}

/**
 * Who keeps the password of a database's administrator. MobiLink does not use this login, so its rotation disturbs no sync.
 *
 * Source of what RDS excludes: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
 */
export class MasterLogin {
  /** A secret of the stack with a password that is made up at deployment and stays until you rotate it. Cost: 40 cents a month. */
  public static generated(): MasterLogin {
    return new MasterLogin(false);
  }

  /**
   * A secret of RDS, which rotates it every seven days. Excludes blue/green deployments, and read replicas (but for
   * SQL Server). Cost: 40 cents a month.
   */
  public static managedByRds(options: ManagedMasterLoginOptions = {}): MasterLogin {
    return new MasterLogin(true, options.withoutBlueGreenReason);
  }

  private constructor(
    /** Whether RDS keeps the password. */
    public readonly isManagedByRds: boolean,
    private readonly withoutBlueGreenReason?: string,
  ) {}

  /**
   * Notes what the database cannot have of it.
   * @internal
   */
  public _validate(problems: Problems, hasBlueGreen: boolean): void {
    if (!this.isManagedByRds) return;
    const reason = known(this.withoutBlueGreenReason);
    const isReasoned = this.withoutBlueGreenReason !== undefined && reason?.trim() !== '';
    problems.require(!hasBlueGreen || isReasoned, {
      id: 'MobiLink:Consolidated:ManagedLogin',
      prop: 'masterLogin.withoutBlueGreenReason',
      rule: 'must say why: RDS has no blue/green deployments of a database whose master password it manages',
      value: reason,
      fix: 'write the reason for whoever upgrades the database, or use MasterLogin.generated()',
    });
  }

  /**
   * The part of it that an instance is made with.
   * @internal
   */
  public _ofInstance(scope: Construct, encryptionKey: kms.IKey | undefined) {
    if (this.isManagedByRds) {
      return {
        credentials: rds.Credentials.fromUsername(ADMINISTRATOR, { encryptionKey }),
        manageMasterUserPassword: true,
      };
    }
    return { credentials: rds.Credentials.fromSecret(this.secret(scope, encryptionKey)) };
  }

  /**
   * The part of it that a cluster is made with.
   * @internal
   */
  public _ofCluster(scope: Construct, encryptionKey: kms.IKey | undefined) {
    if (this.isManagedByRds) {
      const properties = {
        masterUsername: ADMINISTRATOR,
        manageMasterUserPassword: true,
        masterUserSecret: encryptionKey && { kmsKeyId: encryptionKey.keyArn },
      };
      const secretOf = (cluster: rds.CfnDBCluster) =>
        secretsmanager.Secret.fromSecretAttributes(scope, 'ManagedMasterSecret', {
          secretCompleteArn: cluster.attrMasterUserSecretSecretArn,
          encryptionKey,
        });
      return { properties, secretOf };
    }
    const secret = this.secret(scope, encryptionKey);
    const properties = {
      masterUsername: secret.secretValueFromJson('username').unsafeUnwrap(),
      masterUserPassword: secret.secretValueFromJson('password').unsafeUnwrap(),
    };
    return { properties, secretOf: (cluster: rds.CfnDBCluster) => attached(secret, cluster) };
  }

  private secret(scope: Construct, encryptionKey: kms.IKey | undefined): secretsmanager.Secret {
    const secret = new rds.DatabaseSecret(scope, 'MasterSecret', { username: ADMINISTRATOR, encryptionKey });
    acknowledgeRotation(secret);
    return secret;
  }
}

/** Adds host, port and the like to the secret, as rotation needs them. */
export function attached(secret: secretsmanager.Secret, cluster: rds.CfnDBCluster): secretsmanager.ISecret {
  return secret.attach({
    asSecretAttachmentTarget: () => ({
      targetId: cluster.ref,
      targetType: secretsmanager.AttachmentTargetType.RDS_DB_CLUSTER,
    }),
  });
}
