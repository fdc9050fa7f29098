import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { known, type Problems } from '../validation/problems';
import { EcrImage } from './ecr-image';
import type { EcrImageOptions, InstallerImageOptions } from './image-options';
import type { BoundImage, ImageSource } from './image-source';
import { InstallerImage } from './installer-image';

/** The container image of the MobiLink server: `mlsrv17` and its supervisor. SAP's software may not be redistributed. */
export class MobiLinkImage {
  /**
   * An image that `cdk deploy` builds with Docker from SAP's installer, which you have. The folder holds, beside each other:
   *
   * - SAP's installer for Linux on x86-64: one `.tar.gz` archive, or the unpacked archive with `setup`, or an installed tree with `bin64/mlsrv17`,
   * - `certificates/`: the authorities by which the database's certificate is checked, as `.pem`; for RDS the bundle that AWS publishes,
   * - `hooks/`, if needed: `.sh` scripts, run in the order of their names, that install the ODBC driver of a vendor.
   *
   * Synth reads the folder and copies nothing; no Docker is needed for it. Any change in the folder is a new image.
   */
  public static fromInstaller(folder: string, options: InstallerImageOptions = {}): MobiLinkImage {
    return new MobiLinkImage(new InstallerImage(folder, options));
  }

  /** An image that exists in a repository of ECR. The farm's servers may pull from this repository and no other. */
  public static fromEcrRepository(repository: ecr.IRepository, options: EcrImageOptions): MobiLinkImage {
    return new MobiLinkImage(new EcrImage(repository, options));
  }

  private constructor(private readonly source: ImageSource) {}

  /**
   * What the supervisor is told in `MOBILINK_ODBC_DRIVER`.
   * @internal
   */
  public get _odbcDriver(): string | undefined {
    return this.source.odbcDriver;
  }

  /**
   * Creates what the image needs in the farm.
   * @internal
   */
  public _bind(farm: Construct, database: IConsolidatedDatabase): BoundImage {
    return this.source.bind(farm, database);
  }

  /**
   * Notes what is wrong with the image.
   * @internal
   */
  public _validate(problems: Problems, farm: Construct, database: IConsolidatedDatabase): void {
    this.source.validate(problems, farm, database);
    const driver = known(this.source.odbcDriver);
    problems.require(driver === undefined || /^[^\s\p{Cc}][^\p{Cc}]*$/u.test(driver), {
      id: 'MobiLink:Farm:OdbcDriver',
      prop: 'image.odbcDriver',
      rule: 'must be the name of an installed driver, or the path of its library',
      value: driver,
      fix: 'copy the name between brackets from odbcinst.ini of the image',
    });
  }
}
