import { type Answer, type Request, shortened } from '../custom-resource/request';
import { parse } from '../door/parse';
import type { Ports } from '../one-off-task/ports';
import { runTask, wordError } from '../one-off-task/run-task';
import { taskToRunSchema } from '../one-off-task/task-to-run';

/** An answer has 4,096 bytes at most (AWS CloudFormation User Guide, "Custom resource response objects"). */
const LONGEST_REASON = 1_000;

/** Does what CloudFormation asks for, and says how it ended. Never throws. */
export async function answerTo(ports: Ports, request: Request): Promise<Answer> {
  const { StackId, RequestId, LogicalResourceId, RequestType } = request;
  const ids = {
    // Never another one: CloudFormation would have the old one deleted, and the request for that would mean nothing.
    PhysicalResourceId: request.PhysicalResourceId ?? `prepared by ${LogicalResourceId}`,
    StackId,
    RequestId,
    LogicalResourceId,
  };
  try {
    switch (RequestType) {
      case 'Create':
      case 'Update':
        await runTask(
          ports,
          parse(taskToRunSchema, request.ResourceProperties, 'The properties are wrong'),
          RequestId,
          'The preparation of the database',
        );
        break;
      // What was prepared stays: data hang on it.
      case 'Delete':
        break;
      default:
        throw new Error(`RequestType must be Create, Update or Delete, not '${RequestType}'`);
    }
    return { Status: 'SUCCESS', ...ids };
  } catch (error) {
    const reason = wordError(error);
    ports.told('a request of CloudFormation failed', { ...ids, reason });
    return { Status: 'FAILED', Reason: shortened(reason, LONGEST_REASON), ...ids };
  }
}
