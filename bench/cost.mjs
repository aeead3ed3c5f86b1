import { spawnSync } from 'node:child_process';

/** CPU (user + system, children included) and wall milliseconds of one run, as bash's `time` counts them. */
function once([file, ...args], env) {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" </dev/null >/dev/null 2>&1';
  const { stderr, status } = spawnSync('bash', ['-c', script, 'bash', file, ...args], {
    env,
    encoding: 'utf8',
  });
  const [wall, user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}\n${stderr}`);
  return { cpu: (user + system) * 1_000, wall: wall * 1_000 };
}

/** Of an even number the mean of the middle two: the upper one would flatter every rate. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** Medians of `runs` rounds; every round runs each subject once, so that a slow moment hits all alike. */
export function compareCosts(subjects, runs) {
  const samples = new Map(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < runs; round++) {
    for (const { name, argv, env, prepare } of subjects) {
      prepare?.();
      samples.get(name).push(once(argv, env));
    }
  }
  return subjects.map(({ name }) => ({
    name,
    cpu: median(samples.get(name).map(({ cpu }) => cpu)),
    wall: median(samples.get(name).map(({ wall }) => wall)),
  }));
}

/** Prints the rows beside the first one: milliseconds and ratios. */
export function printCosts(title, rows) {
  console.log(`\n${title}`);
  const [base] = rows;
  for (const { name, cpu, wall } of rows) {
    const ratio = (value, of) => `${value.toFixed(0).padStart(5)} ms ${(value / of).toFixed(2).padStart(5)}x`;
    console.log(`  ${name.padEnd(44)} cpu ${ratio(cpu, base.cpu)}   wall ${ratio(wall, base.wall)}`);
  }
}
