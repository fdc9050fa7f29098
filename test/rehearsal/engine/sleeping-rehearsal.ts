import { Bundles, EngineWorld } from './engine-world';

/** A rehearsal for a test to end: its function writes its process id into a file and sleeps, the clock stands still. */
async function main([folder = '', bootstrap = '', file = '']: string[]): Promise<void> {
  const world = await EngineWorld.start(new Bundles(folder, bootstrap));
  void world.invoke(world.function('world.processId'), { file });
  await world.clock.run(5_000);
  console.log('asleep');
  setInterval(() => {}, 1_000);
}

void main(process.argv.slice(2));
