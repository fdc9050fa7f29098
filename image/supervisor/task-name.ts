/** On Fargate the address ends with the container's id: 32 hexadecimal digits, which are those of the task, and a number. */
const TASK_ID = /\/v4\/([0-9a-f]{32})-\d+$/;

/** By what the names of this container's servers begin, so that an operator finds their task. */
export function taskNameOf(given: string | undefined, metadataAddress: string | undefined, hostname: string): string {
  if (given !== undefined) return given;
  const taskId = TASK_ID.exec(metadataAddress ?? '')?.[1];
  if (taskId !== undefined) return taskId;
  const plain = hostname.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 40);
  return plain === '' ? 'unnamed' : plain;
}
