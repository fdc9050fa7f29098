import * as v from 'valibot';

const text = v.pipe(v.string('must be text'), v.minLength(1, 'must not be empty'));
const texts = v.pipe(v.array(text, 'must be a list'), v.minLength(1, 'must not be empty'));

/** As a construct tells it. */
export const taskToRunSchema = v.object({
  cluster: text,
  taskDefinition: text,
  subnets: texts,
  securityGroups: texts,
  container: text,
  logGroup: text,
  logStreamPrefix: text,
});

/** A task that is run once, and where. */
export type TaskToRun = v.InferOutput<typeof taskToRunSchema>;

/** The log stream of a task (Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch": prefix, container, id of the task). */
export function logStreamOf({ logStreamPrefix, container }: TaskToRun, taskArn: string): string {
  return `${logStreamPrefix}/${container}/${taskArn.split('/').at(-1)}`;
}
