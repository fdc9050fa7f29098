import * as path from 'node:path';
import { Duration, IgnoreMode, Stage } from 'aws-cdk-lib';
import * as assets from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { known, type Problems } from '../validation/problems';
import { entriesOf, fingerprintOf } from './folder-fingerprint';
import type { InstallerImageOptions } from './image-options';
import type { BoundImage, ImageSource } from './image-source';
import {
  type FolderFault,
  faultOfCertificates,
  faultOfEntries,
  faultOfFolder,
  faultOfHooks,
  faultOfInstaller,
  hasCertificates,
} from './installer-folder';

/** Dockerfile, its scripts and the supervisor, as the package brings them. */
const CONTEXT = path.join(__dirname, '..', '..', 'assets', 'image');

/** An image that is built when the stack is deployed. */
export class InstallerImage implements ImageSource {
  private fingerprint?: string;

  constructor(
    private readonly folder: string,
    private readonly options: InstallerImageOptions,
  ) {}

  public get odbcDriver(): string | undefined {
    return this.options.odbcDriver;
  }

  public bind(farm: Construct, database: IConsolidatedDatabase): BoundImage {
    const { licenceKey, trustPublicAuthorities = false, revision, baseImage, nodeImage } = this.options;
    // Once for all farms: it reads 600 MB.
    this.fingerprint ??= fingerprintOf(this.folder);
    const asset = new assets.DockerImageAsset(farm, 'Image', {
      directory: CONTEXT,
      platform: assets.Platform.LINUX_AMD64,
      buildArgs: {
        ENGINE: database.engine,
        TRUST_PUBLIC_AUTHORITIES: trustPublicAuthorities ? 'yes' : 'no',
        ...(revision !== undefined && { REVISION: revision }),
        ...(baseImage !== undefined && { BASE_IMAGE: baseImage }),
        ...(nodeImage !== undefined && { NODE_IMAGE: nodeImage }),
      },
      // The folder itself goes to docker: staging it would copy it with each synth.
      buildContexts: { installer: path.resolve(this.folder) },
      ...(licenceKey && { buildSecrets: { licence: licenceKey._render() } }),
      // Paths of one machine must not decide on the image, only what lies there.
      invalidation: { buildContexts: false, buildSecrets: false },
      extraHash: this.fingerprint,
      // Else a feature flag decides on it, and with it on the hash.
      ignoreMode: IgnoreMode.DOCKER,
    });
    return {
      uri: asset.imageUri,
      repositoryArn: asset.repository.repositoryArn,
      healthCheck: {
        command: ['CMD', 'node', '/opt/mobilink-ha/supervisor.js', 'healthcheck'],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(10),
        retries: 3,
        startPeriod: Duration.seconds(30),
      },
    };
  }

  public validate(problems: Problems, farm: Construct, database: IConsolidatedDatabase): void {
    this.options.licenceKey?._validate(problems);
    this.validateTexts(problems);
    const folder = known(this.folder);
    note(problems, 'InstallerFolder', folder === undefined ? UNKNOWN : faultOfFolder(folder, outputOf(farm)));
    if (folder === undefined || faultOfFolder(folder, outputOf(farm)) !== undefined) return;
    const entries = entriesOf(folder);
    note(problems, 'InstallerEntries', faultOfEntries(folder, entries));
    note(problems, 'Installer', faultOfInstaller(folder, entries));
    note(problems, 'InstallerHooks', faultOfHooks(entries));
    const certificates = faultOfCertificates(folder, entries);
    note(problems, 'InstallerCertificates', certificates);
    problems.require(
      !database.odbc._checksCertificates ||
        certificates !== undefined ||
        hasCertificates(entries) ||
        this.options.trustPublicAuthorities === true,
      {
        id: 'MobiLink:Farm:InstallerCertificates',
        prop: 'image.folder',
        rule: "must hold certificates/ with the authorities by which the database's own certificate is checked",
        value: undefined,
        fix:
          'for RDS put global-bundle.pem there (Amazon RDS User Guide, "Using SSL/TLS to encrypt a connection"); ' +
          'for a certificate of a public authority set trustPublicAuthorities',
      },
    );
  }

  private validateTexts(problems: Problems): void {
    const { revision, baseImage, nodeImage } = this.options;
    for (const [prop, value] of Object.entries({ revision, baseImage, nodeImage })) {
      problems.require(value === undefined || /^[^\s\p{Cc}]+$/u.test(known(value) ?? ''), {
        id: 'MobiLink:Farm:ImageArgument',
        prop: `image.${prop}`,
        rule: 'must be a text without spaces that is known at synth; it is an argument of docker build',
        value: known(value),
        fix: 'write it out, or leave it out',
      });
    }
  }
}

const UNKNOWN: FolderFault = {
  rule: 'must be known at synth, when the folder is read',
  value: 'a token',
  fix: 'write the path',
};

function note(problems: Problems, id: string, fault: FolderFault | undefined): void {
  if (fault) problems.require(false, { id: `MobiLink:Farm:${id}`, prop: 'image.folder', ...fault });
}

function outputOf(farm: Construct): string {
  return Stage.of(farm)?.outdir ?? 'cdk.out';
}
