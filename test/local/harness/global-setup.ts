import type { TestProject } from 'vitest/node';
import { startAssembler } from './assembler.ts';
import { startTestAws } from './test-aws.ts';

/** Starts the one local AWS that all test files of the project `local` share, with the product deployed. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const assembler = await startAssembler();
  const { shared, close } = await startTestAws({ waitScale: 0.05, returnSpeed: 10, assemble: assembler.assemble });
  project.provide('localAws', shared);
  project.provide('assembler', assembler.url);
  return async () => {
    assembler.close();
    await close();
  };
}
