import * as v from 'valibot';
import { readVariables, text } from '../door/variables';
import { taskToRunSchema } from '../one-off-task/task-to-run';

const task = v.pipe(text, v.parseJson(undefined, 'is not JSON'), taskToRunSchema);

/** What the construct told the function. */
export function readEnvironment(variables: Record<string, string | undefined>) {
  return readVariables({ MOBILINK_ROTATION_TASK: task }, variables, 'rotate-login');
}
