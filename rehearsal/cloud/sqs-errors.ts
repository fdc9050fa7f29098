import { ServiceError } from './service';

/** The errors of SQS, in its words [SQS API reference, "Errors" of each action]. */
export const QUEUE_ERRORS = {
  noQueue: () => own('QueueDoesNotExist', 'NonExistentQueue', 'The specified queue does not exist.'),
  noHandle: (handle: string) =>
    new ServiceError(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
      404,
      'ReceiptHandleIsInvalid',
    ),
  notInFlight: () =>
    own(
      'MessageNotInflight',
      'MessageNotInflight',
      'Message does not exist or is not available for visibility timeout change.',
    ),
  emptyBatch: (entry: string) =>
    own('EmptyBatchRequest', 'EmptyBatchRequest', `There should be at least one ${entry} in the request.`),
  longBatch: (entries: number, most: number) =>
    own(
      'TooManyEntriesInBatchRequest',
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${most}. You have sent ${entries}.`,
    ),
  largeBatch: (bytes: number, most: number) =>
    own(
      'BatchRequestTooLong',
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${most} bytes. You have sent ${bytes} bytes.`,
    ),
  repeatedId: (id: string) => own('BatchEntryIdsNotDistinct', 'BatchEntryIdsNotDistinct', `Id ${id} repeated.`),
  badId: () =>
    own(
      'InvalidBatchEntryId',
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    ),
  badAttribute: (name: string) =>
    new ServiceError('InvalidAttributeName', `Unknown Attribute ${name}.`, 400, 'InvalidAttributeName'),
  badContents: () =>
    new ServiceError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
      400,
      'InvalidMessageContents',
    ),
  missing: (parameter: string) =>
    new ServiceError(
      'MissingRequiredParameterException',
      `The request must contain the parameter ${parameter}.`,
      400,
      'MissingParameter',
    ),
  badValue: (message: string) =>
    new ServiceError('InvalidParameterValueException', message, 400, 'InvalidParameterValue'),
};

function own(code: string, queryCode: string, message: string): ServiceError {
  return new ServiceError(code, message, 400, `AWS.SimpleQueueService.${queryCode}`);
}

/** A number that the caller gave, or what holds where it gave none. */
export function wholeWithin(name: string, given: unknown, lowest: number, highest: number): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'number' && Number.isInteger(given) && given >= lowest && given <= highest) return given;
  throw QUEUE_ERRORS.badValue(
    `Value ${given} for parameter ${name} is invalid. Reason: Must be >= ${lowest} and <= ${highest}, if provided.`,
  );
}
