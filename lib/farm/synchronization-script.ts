import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import * as s3assets from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { known, type Problems } from '../validation/problems';
import type { BoundScript } from './bound-script';

/** How a synchronization script is known to the database. */
export interface SynchronizationScriptOptions {
  /** 1 to 40 lower-case letters, digits, hyphens and underscores. */
  readonly name: string;

  /** 1 to 20 lower-case letters, digits, dots, hyphens and underscores. Text, not a number: '1' and '1.0' are two versions. */
  readonly version: string;
}

/** As image/supervisor/prepare/settings.ts has them; test/farm compares. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const VERSION = /^[a-z0-9][a-z0-9._-]{0,19}$/;

/**
 * SQL of your own for the consolidated database: tables, synchronization scripts, MobiLink users. It is applied once, by the login that
 * mlsrv17 uses. What was applied under a name and version never changes; what is new goes into another version.
 */
export class SynchronizationScript {
  /** A file that `cdk deploy` uploads to the bucket for assets; for MySQL in the language of its command line client, for SQL Anywhere of dbisql. */
  public static fromFile(file: string, options: SynchronizationScriptOptions): SynchronizationScript {
    return new SynchronizationScript(file, options.name, options.version);
  }

  private constructor(
    private readonly file: string,
    /** By which the database knows it. */
    public readonly name: string,
    /** By which the database knows it. */
    public readonly version: string,
  ) {}

  /**
   * Notes what is wrong with it.
   * @internal
   */
  public _validate(problems: Problems, prop: string): void {
    problems.require(NAME.test(known(this.name) ?? ''), {
      id: 'MobiLink:Farm:ScriptName',
      prop: `${prop}.name`,
      rule: 'must be 1 to 40 lower-case letters, digits, hyphens and underscores that are known at synth',
      value: known(this.name),
      fix: 'name it after what it is about, as in sales',
    });
    problems.require(VERSION.test(known(this.version) ?? ''), {
      id: 'MobiLink:Farm:ScriptVersion',
      prop: `${prop}.version`,
      rule: 'must be 1 to 20 lower-case letters, digits, dots, hyphens and underscores that are known at synth',
      value: known(this.version),
      fix: 'number it, as in 1.0',
    });
    problems.require(isFilled(known(this.file)), {
      id: 'MobiLink:Farm:ScriptFile',
      prop: `${prop}.file`,
      rule: 'must be a file that can be read and is not empty',
      value: known(this.file),
      fix: 'give its path, from where synth runs or from the root',
    });
  }

  /**
   * Uploads it with the assets of the stack.
   * @internal
   */
  public _bind(scope: Construct): BoundScript {
    const { name, version } = this;
    const asset = new s3assets.Asset(scope, `Script-${name}-${version}`, { path: this.file });
    return {
      name,
      version,
      bucket: asset.s3BucketName,
      key: asset.s3ObjectKey,
      sha256: createHash('sha256').update(readFileSync(this.file)).digest('hex'),
      objectArn: Stack.of(scope).formatArn({
        service: 's3',
        region: '',
        account: '',
        resource: asset.s3BucketName,
        resourceName: asset.s3ObjectKey,
      }),
    };
  }
}

function isFilled(file: string | undefined): boolean {
  const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size > 0;
}
