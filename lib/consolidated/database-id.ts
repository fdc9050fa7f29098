import { Names } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * The id of a consolidated database: known at synth, the same in every synth, and different for two databases of one
 * account and Region, because it holds the name of the stack. At most 64 characters, so that it is a handy dimension.
 */
export function databaseIdOf(database: IConstruct): string {
  return Names.uniqueResourceName(database, { maxLength: 64, separator: '-' });
}
