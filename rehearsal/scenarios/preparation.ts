import type { TaskCourse } from '../cloud/ecs';
import { HOUR, MINUTE, type Scenario, SECOND, type Stage } from './scenario';

const WORDS = 'sales 2 failed: ERROR 1064 (42000) at line 7';

/** How the tasks of the deployments end that follow upon the first one. */
const DEPLOYMENTS: readonly { readonly name: string; readonly courses: readonly TaskCourse[] }[] = [
  {
    name: 'a script that is wrong',
    courses: [
      {
        startsAfter: 40 * SECOND,
        runsFor: 5 * SECOND,
        exitCode: 1,
        says: ['{"event":"running","script":"sales 2"}', JSON.stringify({ event: 'failed', detail: WORDS })],
      },
    ],
  },
  {
    name: 'a database that cannot be reached',
    courses: [{ startsAfter: 40 * SECOND, runsFor: 2 * HOUR, exitCode: 1 }],
  },
  {
    name: 'an image that is pulled at the second attempt',
    courses: [
      { startsAfter: 30 * SECOND, runsFor: 0, stoppedReason: 'CannotPullContainerError' },
      { startsAfter: 40 * SECOND, runsFor: 20 * SECOND, exitCode: 0, unknownFor: 8 * SECOND },
    ],
  },
];

export const preparation: Scenario = {
  name: 'preparation',
  story:
    'The consolidated database is prepared by the first deployment; of three more, two fail, each with its reason.',
  needs: 'a database that is prepared',
  expects: ['cannot be created'],
  async play(stage) {
    const { world, checks } = stage;
    await world.clock.run(5 * MINUTE);
    checks.promise(
      'the first deployment goes on once one task has prepared the database',
      world.customResources.unanswered.length === 0 && world.ecs.tasks.length === 1,
      `${world.ecs.tasks.length} task, ${world.customResources.unanswered.length} without an answer`,
    );
    const ends: Awaited<ReturnType<typeof deploy>>[] = [];
    for (const deployment of DEPLOYMENTS) ends.push(await deploy(stage, deployment));
    const [wrong, unreachable, late] = ends;
    checks.promise(
      'a deployment whose script is wrong fails with the task’s last words',
      wrong?.end?.status === 'FAILED' && (wrong.end.reason ?? '').includes(WORDS),
      wrong?.end?.reason ?? 'no answer',
    );
    checks.promise(
      'a deployment whose task does not end fails before Lambda ends the function, and the task is stopped',
      unreachable?.end?.status === 'FAILED' && world.ecs.tasks[2]?.stoppedAt !== undefined,
      `after ${unreachable?.seconds} s: ${unreachable?.end?.reason ?? 'no answer'}`,
    );
    checks.promise(
      'a task that did not start is begun again',
      late?.end?.status === 'SUCCESS' && world.ecs.tasks.length === 5,
      `${world.ecs.tasks.length} tasks, ${late?.end?.status}`,
    );
  },
};

/** Another deployment, until CloudFormation has its answer. */
async function deploy({ world, say }: Stage, { name, courses }: (typeof DEPLOYMENTS)[number]) {
  say(`a deployment with ${name}`);
  world.ecs.courses.push(...courses);
  const from = world.clock.now();
  const [requestId = ''] = world.customResources.prepareAgain(name.replaceAll(' ', '-'));
  const end = () => world.customResources.endOf(requestId);
  while (end() === undefined && world.clock.now() < from + 15 * MINUTE) await world.clock.run(SECOND);
  return { end: end(), seconds: Math.round((world.clock.now() - from) / SECOND) };
}
