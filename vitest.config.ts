import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites in the order of the numbers in their names: the last ones share one cluster and end it. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const number = ({ moduleId }: TestSpecification) => Number(/(\d+)-[^/]*$/.exec(moduleId)?.[1] ?? 0)
    return files.toSorted((a, b) => number(a) - number(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      // One group after another: what measures time must not share the machine with what computes.
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          sequence: { groupOrder: 2 },
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          sequence: { groupOrder: 4 },
          include: ['test/lab/**/*.test.ts'],
          // One lab, shared: its suites run one after another.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      // Real packets in namespaces of its own. It needs root, and no lab.
      {
        extends: true,
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      // Long, and so never part of `npm test`: npm run test:long, npm run test:ruvector.
      {
        extends: true,
        test: {
          name: 'long',
          sequence: { groupOrder: 6 },
          include: ['test/long/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'ruvector',
          sequence: { groupOrder: 5 },
          include: ['test/ruvector/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
        },
      },
    ],
  },
})
