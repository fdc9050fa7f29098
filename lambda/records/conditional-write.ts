import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

/** What a write answered, or undefined when its condition did not hold: somebody else has written. */
export async function unlessConditionFails<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
