import { known, type Problems } from '../validation/problems';

interface MemoryRange {
  readonly lowest: number;
  readonly highest: number;
  readonly step: number;
}

/** MiB of memory by CPU units (Amazon ECS Developer Guide, "Task CPU and memory" on Fargate). */
const MEMORY_BY_CPU: ReadonlyMap<number, MemoryRange> = new Map([
  [512, { lowest: 1024, highest: 4096, step: 1024 }],
  [1024, { lowest: 2048, highest: 8192, step: 1024 }],
  [2048, { lowest: 4096, highest: 16_384, step: 1024 }],
  [4096, { lowest: 8192, highest: 30_720, step: 1024 }],
  [8192, { lowest: 16_384, highest: 61_440, step: 4096 }],
  [16_384, { lowest: 32_768, highest: 122_880, step: 8192 }],
]);
const MEMORY_OF_SMALLEST = [512, 1024, 2048];

/** Notes a pair of CPU and memory that Fargate does not sell. */
export function validateFargateSize(problems: Problems, givenCpu: number, givenMemory: number): void {
  const cpu = known(givenCpu);
  if (cpu === undefined) return;
  const range = MEMORY_BY_CPU.get(cpu);
  const sizes = [256, ...MEMORY_BY_CPU.keys()];
  problems.require(sizes.includes(cpu), {
    id: 'MobiLink:Farm:Cpu',
    prop: 'cpu',
    rule: `must be one of Fargate's sizes: ${sizes.join(', ')}`,
    value: cpu,
    fix: 'take the next larger one',
  });
  const memory = known(givenMemory);
  if (memory === undefined || !sizes.includes(cpu)) return;
  const fits = range
    ? memory >= range.lowest && memory <= range.highest && memory % range.step === 0
    : MEMORY_OF_SMALLEST.includes(memory);
  problems.require(fits, {
    id: 'MobiLink:Farm:Memory',
    prop: 'memoryLimitMiB',
    rule: range
      ? `must be ${range.lowest} to ${range.highest} MiB in steps of ${range.step} with ${cpu} CPU units`
      : `must be ${MEMORY_OF_SMALLEST.join(', ')} MiB with ${cpu} CPU units`,
    value: memory,
    fix: 'change the memory, or the CPU units to which it belongs',
  });
}
