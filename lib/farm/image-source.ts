import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import type { Problems } from '../validation/problems';

/** An image as the task definition and the role that pulls it want it. */
export interface BoundImage {
  readonly uri: string;
  readonly repositoryArn: string;
  /** Asks the supervisor whether it is stuck; never asks the database. */
  readonly healthCheck?: ecs.HealthCheck;
}

/** Where the image of a farm comes from. */
export interface ImageSource {
  readonly odbcDriver?: string;
  /** Notes all that is wrong, before anything is created. */
  validate(problems: Problems, farm: Construct, database: IConsolidatedDatabase): void;
  /** Creates what the image needs in the farm. */
  bind(farm: Construct, database: IConsolidatedDatabase): BoundImage;
}
