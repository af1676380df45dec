import type { TestProject } from 'vitest/node';
import { startTestAws } from './test-aws.ts';

/** Starts the one local AWS that all test files of the project `local` share, with the product deployed. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { shared, close } = await startTestAws({ waitScale: 0.05, returnSpeed: 10 });
  project.provide('localAws', shared);
  return close;
}
